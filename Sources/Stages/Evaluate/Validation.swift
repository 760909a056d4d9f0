import Corpora
import Datasets
import Detection
import Evaluation
import Images
import Labelling
import Pipeline
import Regions
import Student
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
  var report: Console

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
      items, of: files, to: "\(folder)/detections.jsonl",
      header: .init(fingerprint: fingerprint, categories: vocabulary))
  }

  private var files: FileImages {
    FileImages(.folder(images.folder), failed: .ifChanged) {
      [images] item, file, _ throws(ImageError) in try images.decoded(item.id, from: file)
    }
  }

  /// Adds the detections that are missing.
  func detect(_ detector: any Detector, _ labels: Labelling) throws {
    try ImageLabeller(
      DetectedRegions(detector, in: files),
      categories: AskedCategories(names: vocabulary, embeddings: names, textShares: textShares),
      rule: choices.postProcessing, check: images.checkFit, stage: stage, report: report
    ).label(labels)
    images.fit.say(stage, report, notes: false)
  }

  private var vocabulary: [String] { images.split.base + images.split.novel }

  /// Makes the other files of `detections.jsonl`.
  func export(in folder: String) throws {
    let ids = Dictionary(
      uniqueKeysWithValues: images.dataset.categories.map { ($0.name, $0.id) })
    _ = try COCOResults.export(
      "\(folder)/detections.jsonl", to: "\(folder)/detections.json",
      images: "\(folder)/images.json", categoryIDs: vocabulary.map { ids[$0]! })
  }

  /// Compares the detections in `folder` with the annotations.
  ///
  /// - Parameter protocol: nil for that of the annotations' form.
  func evaluate(
    in folder: String, by protocol: EvaluationProtocol?, proposals: ProposalRecall? = nil
  ) throws(InputError) -> EvaluationReport {
    try EvaluationReport(
      of: DetectionResults(path: "\(folder)/detections.json", of: images.dataset), images.dataset,
      by: `protocol`, split: images.split, proposals: proposals,
      drawThreshold: choices.drawThreshold
    ) { report.warn(stage, $0) }
  }
}

extension EvaluationReport {
  /// Evaluates, and says what the user should know of the choices that nobody made.
  ///
  /// - Parameters:
  ///   - protocol: nil for that of the annotations' form.
  ///   - choice: of boxes and masks; nil for what all objects and detections have.
  init(
    of detections: DetectionResults, _ dataset: COCODataset, by protocol: EvaluationProtocol?,
    comparing choice: ComparedShapes.Choice? = nil, split: CategorySplit?,
    proposals: ProposalRecall? = nil, drawThreshold: Float? = nil, saying say: (String) -> Void
  ) throws(InputError) {
    let rules = `protocol` ?? EvaluationProtocol(naturalFor: dataset)
    if `protocol` == nil { EvaluationProtocol.note(on: dataset).map(say) }
    let shapes = try ComparedShapes(choice, of: detections, and: dataset, by: rules)
    shapes.note.map(say)
    try self.init(
      detections: detections, of: dataset, by: rules, shapes.types, split: split,
      proposals: proposals, drawThreshold: drawThreshold)
  }

  /// Average precision of boxes of base, novel and all categories, where there is ground truth, in
  /// 0...1, for a log.
  var figures: [(String, Double)] {
    boxes.groups.filter { ["base", "novel", "all"].contains($0.name) && $0.evaluated > 0 }.flatMap {
      [("AP_\($0.name)", $0.ap), ("AP50_\($0.name)", $0.ap50)]
    }
  }
}
