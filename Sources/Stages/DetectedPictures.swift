import Detection
import Evaluation
import Foundation
import Images
import Support
import Tensors

#if canImport(Glibc)
  import Glibc
#endif

/// What a finished detections file becomes for people: pictures with the detections that are likely
/// right, and how often each name is given. Where other scores are drawn it is made anew, without
/// detecting again.
struct DetectedPictures {
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

  /// Of the detections file, finished when the pictures are made.
  let folder: StageFolder
  /// The folder of the images, and their paths below it.
  let corpus: String
  let images: [String]
  let limits: DecodeLimits
  let thresholds: DrawThresholds
  /// The names that had no label in training, to be marked; nil draws no pictures.
  let novel: Set<String>?
  let stage: String
  let report: Report

  private var draws: Bool { novel != nil }

  /// Makes what is missing and says what is wrong with the names.
  ///
  /// - Returns: whether anything was made, and what is wrong with the names.
  /// - Throws: `Stopped` after a signal, with the pictures made so far kept; `InputError`.
  func ensure() throws -> (isNew: Bool, warning: String?) {
    let known = summary
    let summary = try known ?? make()
    let warning = summary.confident.warning
    warning.map { report.warn(stage, $0) }
    return (known == nil, warning)
  }

  /// What is there, if it is what is wanted.
  private var summary: Summary? {
    guard let data = try? folder.read(Self.file),
      let summary = try? JSONDecoder().decode(Summary.self, from: data),
      summary.confident.thresholds == thresholds, summary.pictures || !draws,
      summary.checksums.keys.allSatisfy({ Files.exists(path($0)) })
    else { return nil }
    return summary
  }

  static let file = "summary.json"
  private static let state = "pictures.json"

  /// Those of the pictures of a folder, by their paths below `pictures`; nil without a summary.
  static func checksums(in folder: String) -> [String: String]? {
    former(in: folder)?.checksums
  }

  private static func former(in folder: String) -> Summary? {
    SealedJSON.read("\(folder)/\(file)").flatMap {
      try? JSONDecoder().decode(Summary.self, from: $0)
    }
  }

  /// - Parameter picture: below the folder of the pictures.
  private func path(_ picture: String) -> String { folder.file("pictures/\(picture)") }

  private func make() throws -> Summary {
    if draws {
      Part.removeAbandoned(in: folder.file("pictures"))
      let hint = thresholds.source == .fallback ? "; 'vild evaluate' finds better scores" : ""
      report.say(stage, "pictures show detections of \(thresholds.words)\(hint)")
      try removeOtherPictures()
    }
    let former = Self.former(in: folder.path)
    let reader = try DetectionFile.Reader(path: folder.file("detections.jsonl"))
    let names = reader.header.categories
    let scores = names.map { thresholds[$0] }
    let pictureNames = PictureNames(of: draws ? images : [])
    let picture = novel.map { novel in
      Picture(
        categories: names, novel: novel,
        font: .installed(for: names) { report.say(stage, $0) })
    }
    var given = names.map { _ in 0 }
    var summary = Summary(
      confident: ConfidentDetections([:], thresholds: thresholds), pictures: draws)
    let progress = StageProgress(
      stage: stage, unit: "pictures", total: images.count, style: draws ? .automatic : .silent)
    var rows = try self.rows(reader)
    while !rows.isEmpty {
      try StopSignal.check()
      var shown: [(image: String, detections: [Detection])] = []
      for row in rows {
        guard case .detected(let found, _, _) = row.outcome else {
          summary.failures += 1
          continue
        }
        summary.images += 1
        summary.detections += found.count
        for detection in found where Double(detection.score) >= thresholds.score {
          given[detection.category] += 1
        }
        shown.append((row.image, found.filter { Double($0.score) >= scores[$0.category] }))
      }
      if let picture {
        try draw(
          shown, by: picture, names: pictureNames, known: former?.checksums ?? [:], into: &summary)
      }
      progress.advance(by: rows.count)
      rows = try self.rows(reader)
    }
    progress.finish()
    summary.confident = ConfidentDetections(
      Dictionary(uniqueKeysWithValues: zip(names, given)), thresholds: thresholds)
    if !draws {
      summary.checksums = (former?.checksums ?? [:]).filter { Files.exists(path($0.key)) }
    }
    try SealedJSON.write(Self.json(summary), to: folder.file(Self.file))
    try folder.add(
      outputs: [Self.file] + (Files.exists(folder.file(Self.state)) ? [Self.state] : []))
    report.say(stage, summary.confident.line)
    return summary
  }

  /// The next few.
  private func rows(_ reader: DetectionFile.Reader) throws(InputError) -> [DetectionFile.Row] {
    var rows: [DetectionFile.Row] = []
    while rows.count < 4 * Parallel.workers, let row = try reader.next() { rows.append(row) }
    return rows
  }

  private func draw(
    _ shown: [(image: String, detections: [Detection])], by picture: Picture, names: PictureNames,
    known: [String: String], into summary: inout Summary
  ) throws {
    let results = parallelMap(shown) { image, detections in
      Result {
        try draw(
          detections, on: image, by: picture, to: path(names[image]), known: known[names[image]])
      }
    }
    for (result, shown) in zip(results, shown) {
      switch try result.get() {
      case .drawn(let checksum): summary.checksums[names[shown.image]] = checksum
      case .unpictured(let reason):
        report.say(stage, "no picture: \(reason)")
        summary.unpictured.append(Unpictured(image: shown.image, reason: reason))
      }
    }
  }

  private enum Drawing {
    case drawn(checksum: String)
    case unpictured(reason: String)
  }

  /// Draws an image's picture unless it is there.
  ///
  /// - Parameter known: the checksum of the one that was there; nil takes what is there.
  /// - Throws: `InputError` for what is no fault of the image's: a full disk.
  private func draw(
    _ detections: [Detection], on name: String, by picture: Picture, to path: String, known: String?
  ) throws -> Drawing {
    if Files.exists(path) {
      let found = "\(try Checksum(file: path))"
      if known == nil || known == found { return .drawn(checksum: found) }
    }
    do {
      let image = try Image.read("\(corpus)/\(name)", orientation: .upright, limits: limits)
      try Files.createFolder(PathText.folder(of: path))
      try picture.write(detections, on: image, to: path)
      return .drawn(checksum: "\(try Checksum(file: path))")
    } catch let error as ImageError {
      return .unpictured(reason: "\(error.inputError)")
    } catch let error as InputError where error.kind != .tryAgain {
      return .unpictured(reason: "\(error)")
    }
  }

  /// Removes the pictures of images that look otherwise now, are gone, or whose picture has another
  /// name now, so that `ensure` draws what is missing; to be called before the detections change.
  ///
  /// - Parameter earlier: the images that the pictures which are there were named for.
  func remove(of outdated: [String], among earlier: [String]) throws(InputError) {
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
    let (state, pictures) = (folder.file(Self.state), folder.file("pictures"))
    let wanted = try Self.json(thresholds)
    if let known = try? Files.read(state), known == wanted { return }
    if Files.exists(pictures) { try FileManager.default.removeItem(atPath: pictures) }
    try Files.write(wanted, to: state)
  }

  private static func json(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(value)
  }
}
