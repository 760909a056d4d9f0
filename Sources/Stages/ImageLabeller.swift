import Datasets
import Detection
import Foundation
import Images
import Networks
import Regions
import Student
import Support
import Tensors

/// Runs a detector over many images with one vocabulary, appending to a detections file, so that a
/// run that was stopped or killed goes on where it was.
struct ImageLabeller {
  /// One image to label.
  struct Item {
    let id: Int
    /// Below the images' folder.
    let name: String
  }

  let detector: any Detector
  let vocabulary: [String]
  /// [C, D] unit rows
  let embeddings: Tensor
  /// [C], how much an ensemble's text head decides about each category.
  let textShares: [Float]
  let choices: DetectionConfiguration
  /// An item's pixels.
  let read: @Sendable (Item) throws(ImageError) -> Image.Decoded
  /// Called between images; what it throws ends the run.
  var check: () throws(InputError) -> Void = {}
  let stage: String
  let report: Report

  /// Labels `items` into the file at `path`.
  ///
  /// - Parameter fingerprint: of everything the detections depend on; a file of another is refused.
  /// - Throws: `Stopped` after a signal, with everything done so far kept; `InputError`, also naming
  ///   an image of which the detector says nothing finite.
  func label(
    _ items: [Item], to path: String, fingerprint: String
  ) throws {
    let writer = try DetectionFile.Writer(
      path: path, header: .init(fingerprint: fingerprint, categories: vocabulary))
    let left = items.filter { !writer.done.contains($0.id) }
    let progress = StageProgress(
      stage: stage, unit: "images", total: items.count, done: items.count - left.count,
      style: report.style)
    var notes: [String] = []
    for batch in left.chunks(of: 2 * Parallel.workers) {
      try StopSignal.check()
      for row in try parallelMap(batch, { item throws(InputError) in try label(item) }) {
        try writer.append(row)
        if let note = row.note { notes.append("\(row.image) is \(note)") }
        if case .failed(let reason) = row.outcome { report.say(stage, "skipped \(reason)") }
        progress.advance(failures: row.isFailed ? 1 : 0)
      }
      try check()
    }
    try writer.sync()
    progress.finish()
    if let first = notes.first {
      report.say(stage, "\(notes.count) images are odd, with all their pixels: \(first)")
    }
  }

  private func label(_ item: Item) throws(InputError) -> DetectionFile.Row {
    let decoded: Image.Decoded
    do throws(ImageError) {
      decoded = try read(item)
    } catch {
      return DetectionFile.Row(
        image: item.name, id: item.id, outcome: .failed(reason: "\(error.inputError)"))
    }
    let image = decoded.image
    do throws(InputError) {
      return DetectionFile.Row(
        image: item.name, id: item.id,
        outcome: .detected(try detect(image), width: image.width, height: image.height),
        note: decoded.note)
    } catch {
      throw error.at(item.name)
    }
  }

  private func detect(_ image: Image) throws(InputError) -> [Detection] {
    let rule = PostProcessing(
      scoreThreshold: choices.scoreThreshold, nmsThreshold: choices.nmsThreshold,
      limit: choices.limit)
    let found = try detector.detect(image, names: embeddings, textShares: textShares)
    var isFinite = true
    let detections = rule.detections(boxes: found.boxes, tiles: found.scores.tiles) { tile in
      let scores = found.scores(tile)
      isFinite = isFinite && scores.isFinite
      return scores
    }
    // Otherwise they are no detections, as if nothing were there.
    guard isFinite else { throw .notFinite("the scores of the regions") }
    guard !detections.isEmpty, let cells = found.masks(detections.map(\.box)) else {
      return detections
    }
    guard cells.isFinite else { throw .notFinite("the masks") }
    let (side, values) = (cells.shape[1], cells.array)
    return detections.enumerated().map { index, detection in
      var detection = detection
      detection.mask = Mask(
        width: image.width, height: image.height,
        pasting: Array(values[index * side * side..<(index + 1) * side * side]), side: side,
        in: detection.box)
      return detection
    }
  }
}

extension DetectionFile.Row {
  fileprivate var isFailed: Bool {
    if case .failed = outcome { true } else { false }
  }
}
