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
    var images = 0
    var failures = 0
    var detections = 0
    var confident: ConfidentDetections
    /// Images that were labelled and have no picture, with the reason, in the order of the file.
    var unpictured: [Unpictured] = []
    /// Whether there are pictures of these thresholds.
    var pictures: Bool
  }

  /// Of the detections file.
  let folder: String
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
  /// - Returns: whether anything was made.
  /// - Throws: `Stopped` after a signal, with the pictures made so far kept; `InputError`.
  func ensure() throws -> Bool {
    let known = summary
    let summary = try known ?? make()
    summary.confident.warning.map { report.warn(stage, $0) }
    return known == nil
  }

  /// What is there, if it is what is wanted.
  private var summary: Summary? {
    guard let data = try? Files.read("\(folder)/summary.json"),
      let summary = try? JSONDecoder().decode(Summary.self, from: data),
      summary.confident.thresholds == thresholds, summary.pictures || !draws
    else { return nil }
    return summary
  }

  private func make() throws -> Summary {
    if draws {
      let hint = thresholds.source == .fallback ? "; 'vild evaluate' finds better scores" : ""
      report.say(stage, "pictures show detections of \(thresholds.words)\(hint)")
      try removeOtherPictures()
    }
    let reader = try DetectionFile.Reader(path: "\(folder)/detections.jsonl")
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
        summary.unpictured += try draw(shown, by: picture, names: pictureNames)
      }
      progress.advance(by: rows.count)
      rows = try self.rows(reader)
    }
    progress.finish()
    summary.confident = ConfidentDetections(
      Dictionary(uniqueKeysWithValues: zip(names, given)), thresholds: thresholds)
    try Files.write(Self.json(summary), to: "\(folder)/summary.json")
    report.say(stage, summary.confident.line)
    return summary
  }

  /// The next few.
  private func rows(_ reader: DetectionFile.Reader) throws(InputError) -> [DetectionFile.Row] {
    var rows: [DetectionFile.Row] = []
    while rows.count < 4 * Parallel.workers, let row = try reader.next() { rows.append(row) }
    return rows
  }

  /// Returns those that have no picture now.
  private func draw(
    _ shown: [(image: String, detections: [Detection])], by picture: Picture, names: PictureNames
  ) throws -> [Unpictured] {
    let results = parallelMap(shown) { image, detections in
      Result {
        try draw(detections, on: image, by: picture, to: "\(folder)/pictures/\(names[image])")
      }
    }
    var missing: [Unpictured] = []
    for (result, shown) in zip(results, shown) {
      guard let reason = try result.get() else { continue }
      report.say(stage, "no picture: \(reason)")
      missing.append(Unpictured(image: shown.image, reason: reason))
    }
    return missing
  }

  /// Draws an image's picture unless it is there; returns why it cannot be drawn.
  ///
  /// - Throws: `InputError` for what is no fault of the image's: a full disk.
  private func draw(
    _ detections: [Detection], on name: String, by picture: Picture, to path: String
  ) throws -> String? {
    if Files.exists(path) { return nil }
    do {
      let image = try Image.read("\(corpus)/\(name)", orientation: .upright, limits: limits)
      try Files.createFolder(PathText.folder(of: path))
      try picture.write(detections, on: image, to: path)
      return nil
    } catch let error as ImageError {
      return "\(error.inputError)"
    } catch let error as InputError where error.kind != .tryAgain {
      return "\(error)"
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
    for path in ["\(folder)/summary.json"] + pictures.map({ "\(folder)/pictures/\(old[$0])" })
    where Files.exists(path) {
      guard PathText.withSystemPath(path, { unlink($0) }) == 0 else {
        throw .system("cannot remove", at: path)
      }
    }
  }

  /// Pictures that are there stay where they show the same scores: `pictures.json` says which.
  private func removeOtherPictures() throws {
    let (state, pictures) = ("\(folder)/pictures.json", "\(folder)/pictures")
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
