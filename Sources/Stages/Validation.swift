import Datasets
import Detection
import Evaluation
import Images
import Regions
import Support
import Tensors

/// Detects on annotated images and compares with the annotations.
struct Validation {
  var images: AnnotatedImages
  /// [C, D] unit rows of the split's base categories, then of its novel ones.
  let names: Tensor
  /// [C], how much an ensemble's text head decides about each category.
  let textShares: [Float]
  let choices: DetectionConfiguration
  let stage: String
  var report: Report

  /// Leaves `detections.jsonl`, `detections.json` and `images.json` in `folder`; detections of the
  /// same fingerprint that are there already and still right are kept.
  func detect(_ detector: any Detector, in folder: String, fingerprint: String) throws {
    try detect(detector, labelling(items, in: folder, fingerprint: fingerprint))
    try export(in: folder)
  }

  /// All images.
  var items: [ImageLabeller.Item] {
    images.dataset.images.map { ImageLabeller.Item(id: $0.id, name: images.file(of: $0)) }
  }

  /// How far `detections.jsonl` of a folder is.
  func labelling(
    _ items: [ImageLabeller.Item], in folder: String, fingerprint: String
  ) throws(InputError) -> Labelling {
    try Labelling(
      items, in: images.folder, to: "\(folder)/detections.jsonl",
      header: .init(fingerprint: fingerprint, categories: vocabulary), failed: .ifChanged,
      orientation: .stored)
  }

  /// Adds the detections that are missing.
  func detect(_ detector: any Detector, _ labels: Labelling) throws {
    try ImageLabeller(
      detector: detector, vocabulary: vocabulary, embeddings: names, textShares: textShares,
      choices: choices, stage: stage, report: report
    ).label(labels)
  }

  private var vocabulary: [String] { images.split.base + images.split.novel }

  /// Makes the other files of `detections.jsonl`.
  func export(in folder: String) throws {
    let ids = Dictionary(
      uniqueKeysWithValues: images.dataset.categories.map { ($0.name, $0.id) })
    _ = try COCOResults.export(
      "\(folder)/detections.jsonl", to: "\(folder)/detections.json",
      images: "\(folder)/images.json", categoryIDs: vocabulary.compactMap { ids[$0] })
  }

  /// Compares the detections in `folder` with the annotations.
  ///
  /// - Parameter protocol: nil for that of the annotations' form.
  func evaluate(
    in folder: String, by protocol: EvaluationProtocol?, proposals: [Proposals]? = nil
  ) throws(InputError) -> EvaluationReport {
    try EvaluationReport(
      detections: DetectionResults(path: "\(folder)/detections.json", of: images.dataset),
      of: images.dataset, by: `protocol`, split: images.split, proposals: proposals,
      drawThreshold: choices.drawThreshold)
  }
}

extension EvaluationReport {
  /// Average precision of boxes of base, novel and all categories, where there is ground truth, in
  /// 0...1, for a log.
  var figures: [(String, Double)] {
    boxes.groups.filter { ["base", "novel", "all"].contains($0.name) && $0.evaluated > 0 }.flatMap {
      [("AP_\($0.name)", $0.ap), ("AP50_\($0.name)", $0.ap50)]
    }
  }
}
