public import Datasets
public import Support

/// What of objects is compared with the ground truth: boxes, masks or both; and why no masks, where
/// nobody chose and only some objects have them.
public struct ComparedShapes: Sendable {
  /// A user's choice, by the names of `pycocotools`.
  public enum Choice: String, CaseIterable, Sendable {
    case boxes = "bbox"
    case masks = "segm"
    case both
  }

  /// At least one, boxes first.
  public let types: [IoUType]
  /// Why there are no masks among them, in words.
  public let note: String?

  /// - Parameters:
  ///   - choice: nil compares boxes, and masks where every object and every detection has one.
  ///   - protocol: Pascal VOC's are of boxes.
  /// - Throws: `InputError` for masks by Pascal VOC's protocol.
  public init(
    _ choice: Choice?, of results: DetectionResults, and dataset: COCODataset,
    by protocol: EvaluationProtocol
  ) throws(InputError) {
    let isVOC = EvaluationRules(`protocol`).isVOC
    switch choice {
    case .boxes: (types, note) = ([.box], nil)
    case .masks, .both:
      if isVOC {
        throw InputError(
          .usage, "Pascal VOC's protocol compares boxes", expected: "bbox, or another protocol",
          got: choice?.rawValue)
      }
      (types, note) = (choice == .both ? [.box, .mask] : [.mask], nil)
    case nil:
      guard !isVOC, dataset.hasMasks, results.records.contains(where: \.hasMask) else {
        (types, note) = ([.box], nil)
        return
      }
      note = Self.obstacle(results, dataset).map {
        "boxes alone, as masks are not of all: \($0)"
      }
      types = note == nil ? [.box, .mask] : [.box]
    }
  }

  /// What is in the way of comparing masks.
  private static func obstacle(_ results: DetectionResults, _ dataset: COCODataset) -> String? {
    if let first = dataset.images.first(where: { !$0.hasSize }) {
      return "image \(first.id) is of unknown size"
    }
    if let first = dataset.annotations.first(where: { $0.segmentation == nil }) {
      let bare = dataset.annotations.count { $0.segmentation == nil }
      return
        "\(bare) of \(dataset.annotations.count.counted("object has", "objects have")) "
        + "no outline, the first of them annotation \(first.id)"
    }
    let without = results.records.indices.filter { !results.records[$0].hasMask }
    return without.first.map {
      "\(without.count) of \(results.records.count.counted("detection has", "detections have")) no "
        + "mask, the first of them [\($0)]"
    }
  }
}
