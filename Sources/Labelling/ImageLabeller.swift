import Corpora
package import Detection
import Foundation
import Images
import Regions
package import Student
package import Support
import Tensors

/// Scores the regions of the images that a detections file lacks, with one vocabulary, so that a run
/// that was stopped or killed goes on where it was.
package struct ImageLabeller: Sendable {
  /// One image to label.
  package struct Item: Sendable {
    package let id: Int
    /// In the images' source.
    package let name: String

    package init(id: Int, name: String) { (self.id, self.name) = (id, name) }
  }

  private let regions: any RegionSource
  private let categories: AskedCategories
  private let rule: PostProcessing
  private let check: @Sendable () throws(InputError) -> Void
  private let stage: String
  private let report: Console

  /// - Parameters:
  ///   - categories: with embeddings as wide as the regions'.
  ///   - rule: how detections are chosen among an image's regions.
  ///   - check: called after each image; what it throws ends the run.
  package init(
    _ regions: any RegionSource, categories: AskedCategories, rule: PostProcessing,
    check: @escaping @Sendable () throws(InputError) -> Void = {}, stage: String, report: Console
  ) {
    (self.regions, self.categories) = (regions, categories)
    (self.rule, self.check) = (rule, check)
    (self.stage, self.report) = (stage, report)
  }

  /// Labels the images that are left.
  ///
  /// - Throws: `Stopped` after a signal, with everything done so far kept; `InputError`, also naming
  ///   an image of which nothing finite is said.
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
      let (images, format) = (labels.images, labels.format)
      // One worker an image: sums in the same order, whatever is beside it.
      let line = WorkLine<ArraySlice<Item>, [Labelled], any Error> { items in
        try items.map { item in
          let (row, stamp) = try label(item, at: images.place(of: item))
          return Labelled(format.prepared(row), stamp)
        }
      }
      var left = labels.left[...]
      func next() -> ArraySlice<Item>? {
        defer { left = left.dropFirst(regions.imagesAtOnce) }
        return left.isEmpty ? nil : left.prefix(regions.imagesAtOnce)
      }
      try line.run(next: next) { labelled in
        for (prepared, stamp) in labelled {
          try labels.append(prepared, stamp)
          let row = prepared.row
          if let note = row.note { notes.append("\(row.image) is \(note)") }
          if case .failed(let reason) = row.outcome { report.say(stage, "skipped \(reason)") }
          progress.advance(failures: row.isFailed ? 1 : 0)
          try check()
        }
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

  private typealias Labelled = (DetectionFile.PreparedRow, FileStamp?)

  private func label(
    _ item: Item, at place: String
  ) throws(InputError) -> (DetectionFile.Row, FileStamp?) {
    let looked = try regions.look(at: item)
    let outcome: DetectionFile.Outcome
    switch looked.outcome {
    case .found(let found, let width, let height):
      do throws(InputError) {
        outcome = .detected(
          try detections(among: found, width: width, height: height), width: width, height: height)
      } catch {
        throw error.at(place)
      }
    case .failed(let error): outcome = .failed(reason: "\(error.inputError)")
    case .hadFailed(let reason): outcome = .failed(reason: reason)
    }
    let row = DetectionFile.Row(
      image: item.name, id: item.id, content: looked.content, outcome: outcome, note: looked.note)
    return (row, looked.stamp)
  }

  private func detections(
    among found: FoundRegions, width: Int, height: Int
  ) throws(InputError) -> [Detection] {
    let scores = regions.scorer.scores(of: found.regions, found.description, for: categories)
    let detections = try rule.detections(boxes: found.regions.boxes, scores: scores)
    guard !detections.isEmpty, let cells = found.masks(detections.map(\.box)) else {
      return detections
    }
    guard cells.isFinite else { throw .notFinite("the masks") }
    let (side, values) = (cells.shape[1], cells.array)
    return detections.enumerated().map { index, detection in
      var detection = detection
      detection.mask = Mask(
        width: width, height: height,
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
