package import Corpora
import Detection
package import Evaluation
package import Foundation
package import Images
package import Support

#if canImport(Glibc)
  import Glibc
#endif

/// What a finished detections file becomes for people: pictures with the detections that are likely
/// right, and how often each name is given. Where other scores are drawn it is made anew, without
/// detecting again.
package struct DetectedPictures {
  private struct Unpictured: Codable {
    var image: String
    var reason: String
  }

  /// `summary.json`, written last.
  private struct Summary: Codable {
    /// The checksums of the pictures, by their paths below `pictures`.
    var checksums: [String: String] = [:]
    var images = 0
    var failures = 0
    var detections = 0
    var confident: ConfidentDetections
    /// Images that were labelled and have no picture, with the reason, in the order of the file.
    var unpictured: [Unpictured] = []
    /// Whether there are pictures of these thresholds.
    var pictures: Bool
  }

  private let folder: String
  private let source: ImageSource
  private let images: [String]
  private let limits: DecodeLimits
  private let thresholds: DrawThresholds
  private let novel: Set<String>?
  private let stage: String
  private let report: Console

  private var draws: Bool { novel != nil }

  /// - Parameters:
  ///   - folder: of the detections file, finished when the pictures are made.
  ///   - source: where the images are.
  ///   - images: their paths below it.
  ///   - thresholds: the scores that detections are drawn from.
  ///   - novel: the names that had no label in training, to be marked; nil draws no pictures.
  package init(
    folder: String, source: ImageSource, images: [String], limits: DecodeLimits,
    thresholds: DrawThresholds, novel: Set<String>?, stage: String, report: Console
  ) {
    (self.folder, self.source, self.images, self.limits) = (folder, source, images, limits)
    (self.thresholds, self.novel) = (thresholds, novel)
    (self.stage, self.report) = (stage, report)
  }

  /// Makes what is missing and says what is wrong with the names.
  ///
  /// - Parameters:
  ///   - known: the summary that is there, as it was recorded; nil where there is none.
  ///   - record: told of the files that were made, once they are there.
  /// - Returns: whether anything was made, and what is wrong with the names.
  /// - Throws: `Stopped` after a signal, with the pictures made so far kept; `InputError`.
  package func ensure(
    known: Data?, record: ([String]) throws(InputError) -> Void
  ) throws -> (isNew: Bool, warning: String?) {
    let known = known.flatMap(summary)
    let summary = try known ?? make(record)
    let warning = summary.confident.warning
    warning.map { report.warn(stage, $0) }
    return (known == nil, warning)
  }

  /// What is there, if it is what is wanted.
  private func summary(_ data: Data) -> Summary? {
    guard let summary = try? JSONDecoder().decode(Summary.self, from: data),
      summary.confident.thresholds == thresholds, summary.pictures || !draws,
      summary.checksums.keys.allSatisfy({ Files.exists(path($0)) })
    else { return nil }
    return summary
  }

  /// The name of the summary.
  package static let file = "summary.json"
  private static let state = "pictures.json"

  /// Those of the pictures of a folder, by their paths below `pictures`; nil without a summary.
  package static func checksums(in folder: String) -> [String: String]? {
    former(in: folder)?.checksums
  }

  /// From which scores on the pictures of a folder are drawn; nil without a summary.
  package static func thresholds(in folder: String) -> DrawThresholds? {
    former(in: folder)?.confident.thresholds
  }

  private static func former(in folder: String) -> Summary? {
    SealedJSON.read("\(folder)/\(file)").flatMap {
      try? JSONDecoder().decode(Summary.self, from: $0)
    }
  }

  /// - Parameter picture: below the folder of the pictures.
  private func path(_ picture: String) -> String { file("pictures/\(picture)") }

  private func file(_ name: String) -> String { "\(folder)/\(name)" }

  private func make(_ record: ([String]) throws(InputError) -> Void) throws -> Summary {
    if draws {
      Part.removeAbandoned(in: file("pictures"))
      let hint = thresholds.source == .fallback ? "; 'vild evaluate' finds better scores" : ""
      report.say(stage, "pictures show detections of \(thresholds.words)\(hint)")
      try removeOtherPictures()
    }
    let former = Self.former(in: folder)
    let reader = try DetectionFile.Reader(path: file("detections.jsonl"))
    let (names, attributes) = (reader.header.categories, reader.header.attributes)
    let scores = names.map { thresholds[$0] }
    let pictureNames = PictureNames(of: draws ? images : [])
    let picture = novel.map { novel in
      Picture(
        categories: names, attributes: attributes, novel: novel,
        font: .installed(for: names + attributes) { report.say(stage, $0) })
    }
    var given = names.map { _ in 0 }
    var summary = Summary(
      confident: ConfidentDetections([:], thresholds: thresholds), pictures: draws)
    let progress = StageProgress(
      stage: stage, unit: "pictures", total: images.count, on: draws ? report : .silent)
    let (pictures, known) = (file("pictures"), former?.checksums ?? [:])
    let drawer = picture.map { PictureDrawer(picture: $0, source: source, limits: limits) }
    let rows = reader.rows
    let line = WorkLine<DetectionFile.Line, Drawn, any Error> { line in
      let row = try rows.row(line)
      guard let drawer, case .detected(let found, _, _) = row.outcome else { return (row, nil) }
      let name = pictureNames[row.image]
      let drawing = try drawer.draw(
        found.filter { Double($0.score) >= scores[$0.category] }, on: row.image,
        to: "\(pictures)/\(name)", known: known[name])
      return (row, drawing)
    }
    try line.run(next: reader.nextLine) { row, drawing in
      if case .detected(let found, _, _) = row.outcome {
        summary.images += 1
        summary.detections += found.count
        for detection in found where Double(detection.score) >= thresholds.score {
          given[detection.category] += 1
        }
      } else {
        summary.failures += 1
      }
      switch drawing {
      case .drawn(let checksum): summary.checksums[pictureNames[row.image]] = checksum
      case .unpictured(let reason):
        report.say(stage, "no picture: \(reason)")
        summary.unpictured.append(Unpictured(image: row.image, reason: reason))
      case nil: break
      }
      progress.advance()
    }
    progress.finish()
    summary.confident = ConfidentDetections(
      Dictionary(uniqueKeysWithValues: zip(names, given)), thresholds: thresholds)
    if !draws {
      summary.checksums = known.filter { Files.exists(path($0.key)) }
    }
    try SealedJSON.write(JSONDocument.pretty(summary), to: file(Self.file))
    try record([Self.file] + (Files.exists(file(Self.state)) ? [Self.state] : []))
    report.say(stage, summary.confident.line)
    return summary
  }

  /// A line of the detections file, and what became of its picture; nil where none is drawn.
  private typealias Drawn = (row: DetectionFile.Row, drawing: PictureDrawer.Drawing?)

  /// Removes the pictures of images that look otherwise now, are gone, or whose picture has another
  /// name now, so that `ensure` draws what is missing; to be called before the detections change.
  ///
  /// - Parameter earlier: the images that the pictures which are there were named for.
  package func remove(of outdated: [String], among earlier: [String]) throws(InputError) {
    if earlier.isEmpty { return }
    let (old, new) = (PictureNames(of: earlier), PictureNames(of: images))
    let outdated = Set(outdated)
    let pictures = earlier.filter { outdated.contains($0) || old[$0] != new[$0] }
    for path in pictures.map({ path(old[$0]) }) where Files.exists(path) {
      guard PathText.withSystemPath(path, { unlink($0) }) == 0 else {
        throw .system("cannot remove", at: path)
      }
    }
  }

  /// Pictures that are there stay where they show the same scores: `pictures.json` says which.
  private func removeOtherPictures() throws {
    let (state, pictures) = (file(Self.state), file("pictures"))
    let wanted = try JSONDocument.pretty(thresholds)
    if let known = try? Files.read(state), known == wanted { return }
    if Files.exists(pictures) { try FileManager.default.removeItem(atPath: pictures) }
    try Files.write(wanted, to: state)
  }
}
