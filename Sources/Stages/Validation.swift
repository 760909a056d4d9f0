import Datasets
import Detection
import Evaluation
import Images
import Regions
import Support
import Tensors

/// Detects on annotated images and compares with the annotations.
struct Validation {
  let images: AnnotatedImages
  /// [C, D] unit rows of the split's base categories, then of its novel ones.
  let names: Tensor
  let choices: DetectionConfiguration
  let stage: String
  let report: Report

  /// Leaves `detections.jsonl`, `detections.json` and `images.json` in `folder`; detections of the
  /// same fingerprint that are there already are kept.
  func evaluate(
    _ detector: any Detector, in folder: String, fingerprint: String, proposals: [Proposals]? = nil
  ) throws -> EvaluationReport {
    let vocabulary = images.split.base + images.split.novel
    let labeller = ImageLabeller(
      detector: detector, vocabulary: vocabulary, embeddings: names,
      textShares: images.split.textShares(of: vocabulary), choices: choices, orientation: .stored,
      stage: stage, report: report)
    let items = images.dataset.images.map { ImageLabeller.Item(id: $0.id, name: $0.fileName) }
    try labeller.label(
      items, in: images.folder, to: "\(folder)/detections.jsonl", fingerprint: fingerprint,
      pictures: nil)
    let ids = Dictionary(
      uniqueKeysWithValues: images.dataset.categories.map { ($0.name, $0.id) })
    _ = try COCOResults.export(
      "\(folder)/detections.jsonl", to: "\(folder)/detections.json",
      images: "\(folder)/images.json", categoryIDs: vocabulary.compactMap { ids[$0] })
    return try EvaluationReport(
      detections: DetectionRecord.read(path: "\(folder)/detections.json", of: images.dataset),
      of: images.dataset, split: images.split, proposals: proposals)
  }
}

extension EvaluationReport {
  /// Average precision of each group that has ground truth, in 0...1, for a log.
  var figures: [(String, Double)] {
    groups.filter { $0.evaluated > 0 }.flatMap {
      [("AP_\($0.name)", $0.ap), ("AP50_\($0.name)", $0.ap50)]
    }
  }
}
