import Datasets
import Detection
import Foundation
import Images
import Networks
import Regions
import Student
import Support
import Tensors

/// Runs a detector over the images that a detections file lacks, with one vocabulary, so that a run
/// that was stopped or killed goes on where it was.
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
  let stage: String
  let report: Report

  /// Labels the images that are left.
  ///
  /// - Throws: `Stopped` after a signal, with everything done so far kept; `InputError`.
  func label(_ labels: Labelling) throws {
    let progress = StageProgress(
      stage: stage, unit: "images", total: labels.items.count,
      done: labels.items.count - labels.left.count, style: report.style)
    if labels.left.count < labels.items.count {
      report.say(
        stage,
        "\(labels.left.count) of \(labels.items.count) images are to be looked at; the others are "
          + "as they were")
    }
    try labels.begin()
    do {
      for batch in labels.left.chunks(of: 2 * Parallel.workers) {
        try StopSignal.check()
        let (folder, orientation) = (labels.folder, labels.orientation)
        let rows = parallelMap(batch) { label($0, in: folder, orientation) }
        for (row, stamp) in rows {
          try labels.append(row, stamp)
          if case .failed(let reason) = row.outcome { report.say(stage, "skipped \(reason)") }
          progress.advance(failures: row.isFailed ? 1 : 0)
        }
      }
    } catch {
      try? labels.keepStamps()
      throw error
    }
    try labels.finish()
    progress.finish()
  }

  private func label(
    _ item: Item, in folder: String, _ orientation: OrientationPolicy
  ) -> (row: DetectionFile.Row, stamp: FileStamp?) {
    let path = "\(folder)/\(item.name)"
    var file: ImageFile?
    var row = DetectionFile.Row(image: item.name, id: item.id, outcome: .failed(reason: ""))
    do throws(ImageError) {
      let read = try ImageFile(path)
      file = read
      row.content = read.content
      let image = try read.decoded(path, orientation: orientation)
      row.outcome = .detected(detect(image), width: image.width, height: image.height)
    } catch {
      row.outcome = .failed(reason: "\(error.inputError)")
    }
    return (row, file?.stamp)
  }

  private func detect(_ image: Image) -> [Detection] {
    let rule = PostProcessing(
      scoreThreshold: choices.scoreThreshold, nmsThreshold: choices.nmsThreshold,
      limit: choices.limit)
    let found = detector.detect(image, names: embeddings, textShares: textShares)
    let detections = rule.detections(boxes: found.boxes, tiles: found.scores.tiles) {
      found.scores($0)
    }
    guard !detections.isEmpty, let cells = found.masks(detections.map(\.box)) else {
      return detections
    }
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
