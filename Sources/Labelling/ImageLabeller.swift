import Corpora
package import Detection
import Foundation
import Images
import Regions
package import Student
package import Support
import Tensors

/// Runs a detector over the images that a detections file lacks, with one vocabulary, so that a run
/// that was stopped or killed goes on where it was.
package struct ImageLabeller: Sendable {
  /// One image to label.
  package struct Item: Sendable {
    package let id: Int
    /// In the images' source.
    package let name: String

    package init(id: Int, name: String) { (self.id, self.name) = (id, name) }
  }

  private let detector: any Detector
  private let categories: AskedCategories
  private let rule: PostProcessing
  private let check: @Sendable () throws(InputError) -> Void
  private let stage: String
  private let report: Console

  /// - Parameters:
  ///   - categories: with embeddings as wide as the detector's.
  ///   - rule: how detections are chosen among an image's regions.
  ///   - check: called after each image; what it throws ends the run.
  package init(
    detector: any Detector, categories: AskedCategories, rule: PostProcessing,
    check: @escaping @Sendable () throws(InputError) -> Void = {}, stage: String, report: Console
  ) {
    (self.detector, self.categories) = (detector, categories)
    (self.rule, self.check) = (rule, check)
    (self.stage, self.report) = (stage, report)
  }

  /// Labels the images that are left.
  ///
  /// - Throws: `Stopped` after a signal, with everything done so far kept; `InputError`, also naming
  ///   an image of which the detector says nothing finite.
  package func label(_ labels: Labelling) throws {
    let progress = StageProgress(
      stage: stage, unit: "images", total: labels.items.count,
      done: labels.items.count - labels.left.count, on: report)
    if labels.left.count < labels.items.count {
      report.say(
        stage,
        "\(labels.left.count) of \(labels.items.count.counted("image is", "images are")) to be looked at; "
          + "the others are as they were")
    }
    try labels.begin()
    var notes: [String] = []
    do {
      let (source, decode) = (labels.source, labels.decode)
      // One worker an image: sums in the same order, whatever is beside it.
      let line = WorkLine<Item, Labelled, any Error> { item in
        let path = source.place(of: item.name)
        return try label(item, of: source) { file throws(ImageError) in
          try decode(item, file, path)
        }
      }
      var items = labels.left.makeIterator()
      try line.run(next: { items.next() }) { row, stamp in
        try labels.append(row, stamp)
        if let note = row.note { notes.append("\(row.image) is \(note)") }
        if case .failed(let reason) = row.outcome { report.say(stage, "skipped \(reason)") }
        progress.advance(failures: row.isFailed ? 1 : 0)
        try check()
      }
    } catch {
      try? labels.keepStamps()
      throw error
    }
    try labels.finish()
    progress.finish()
    if let first = notes.first {
      report.say(stage, "\(notes.count.oddImages): \(first)")
    }
  }

  private typealias Labelled = (row: DetectionFile.Row, stamp: FileStamp?)

  private func label(
    _ item: Item, of source: ImageSource, decode: (ImageFile) throws(ImageError) -> Image.Decoded
  ) throws(InputError) -> Labelled {
    var row = DetectionFile.Row(image: item.name, id: item.id, outcome: .failed(reason: ""))
    var stamp: FileStamp?
    let decoded: Image.Decoded
    do throws(ImageError) {
      let file = try ImageFile(item.name, of: source)
      (row.content, stamp) = (file.content, file.stamp)
      decoded = try decode(file)
    } catch {
      row.outcome = .failed(reason: "\(error.inputError)")
      return (row, stamp)
    }
    let image = decoded.image
    do throws(InputError) {
      row.outcome = .detected(try detect(image), width: image.width, height: image.height)
    } catch {
      throw error.at(source.place(of: item.name))
    }
    row.note = decoded.note
    return (row, stamp)
  }

  private func detect(_ image: Image) throws(InputError) -> [Detection] {
    let found = try detector.detect(image, for: categories)
    let detections = try rule.detections(boxes: found.boxes, scores: found.scores)
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
