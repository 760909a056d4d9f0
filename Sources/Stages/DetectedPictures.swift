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
  /// `summary.json`, written last.
  private struct Summary: Codable {
    var images = 0
    var failures = 0
    var detections = 0
    var confident: ConfidentDetections
    /// Whether there are pictures of these thresholds.
    var pictures: Bool
  }

  /// Of the detections file.
  let folder: String
  /// The folder of the images, and how many there are.
  let corpus: String
  let count: Int
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
    let picture = novel.map { novel in
      Picture(
        categories: names, novel: novel,
        font: .installed(for: names) { report.say(stage, $0) })
    }
    var given = names.map { _ in 0 }
    var summary = Summary(
      confident: ConfidentDetections([:], thresholds: thresholds), pictures: draws)
    let progress = StageProgress(
      stage: stage, unit: "pictures", total: count, style: draws ? .automatic : .silent)
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
      if let picture { try draw(shown, by: picture) }
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

  private func draw(
    _ shown: [(image: String, detections: [Detection])], by picture: Picture
  ) throws {
    let results = parallelMap(shown) { image, detections in
      Result { try draw(detections, on: image, by: picture) }
    }
    for result in results {
      if let problem = try result.get() { report.say(stage, "no picture: \(problem)") }
    }
  }

  /// Draws an image's picture unless it is there; returns why the image cannot be read.
  private func draw(
    _ detections: [Detection], on name: String, by picture: Picture
  ) throws -> String? {
    let path = picturePath(of: name)
    if Files.exists(path) { return nil }
    let image: Image
    do throws(ImageError) {
      image = try Image.read("\(corpus)/\(name)", orientation: .upright)
    } catch {
      return "\(error.inputError)"
    }
    try Files.createFolder((path as NSString).deletingLastPathComponent)
    try picture.write(detections, on: image, to: path)
    return nil
  }

  /// Pictures are JPEG; "a.png" becomes "a.png.jpg", so that it does not meet "a.jpg".
  private func picturePath(of name: String) -> String {
    let isJPEG = (name as NSString).pathExtension.lowercased() == "jpg"
    return "\(folder)/pictures/\(name)\(isJPEG ? "" : ".jpg")"
  }

  /// Removes the pictures of images that look otherwise now, or are gone, so that `ensure` draws
  /// what is missing; to be called before the detections change.
  func remove(of names: [String]) throws(InputError) {
    for path in ["\(folder)/summary.json"] + names.map(picturePath) where Files.exists(path) {
      guard unlink(path) == 0 else { throw .system("cannot remove", at: path) }
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
