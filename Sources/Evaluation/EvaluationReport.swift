public import Datasets
public import Foundation
public import Support

/// The result of an evaluation, each number with its protocol (`schemas/evaluation.schema.json`).
public struct EvaluationReport: Codable, Equatable, Sendable {
  /// Version of the rules by which detections become figures, counted up when one changes.
  public static let rules = 1

  /// "vild-evaluation"
  public let format: String
  /// Changes when a reader of the JSON form would have to.
  public let version: Int
  /// Images of the data set.
  public let images: Int
  /// Detections given, also those that do not count.
  public let detections: Int
  /// Of boxes; and of masks, where the data set and the detections have them; or of what was chosen.
  public let evaluations: [DetectionEvaluation]
  /// The recall of the proposals, where there were any to evaluate.
  public let proposals: ProposalRecall?
  /// The detections that are drawn, by name; absent from reports of earlier versions.
  public let confident: ConfidentDetections?

  /// Of boxes, but where masks alone were chosen.
  public var boxes: DetectionEvaluation { evaluations[0] }

  /// Evaluates detections on all images of a data set.
  ///
  /// With a split only its categories are evaluated: 65 for COCO's 48 base and 17 novel ones.
  /// - Parameters:
  ///   - protocol: nil for the one of the data set's form.
  ///   - types: boxes, masks or both; nil for what `ComparedShapes` finds.
  ///   - proposals: the recall of proposals on the same data set and split, to stand beside.
  ///   - drawThreshold: in 0...1, from which score on detections are drawn; nil for the scores of
  ///     the best F1.
  /// - Throws: `InputError` as `DetectionEvaluation`.
  public init(
    detections: DetectionResults, of dataset: COCODataset, by protocol: EvaluationProtocol? = nil,
    _ types: [IoUType]? = nil, split: CategorySplit? = nil, proposals: ProposalRecall? = nil,
    drawThreshold: Float? = nil
  ) throws(InputError) {
    let rules = `protocol` ?? EvaluationProtocol(naturalFor: dataset)
    let compared: [IoUType]
    if let types {
      compared = types
    } else {
      compared = try ComparedShapes(nil, of: detections, and: dataset, by: rules).types
    }
    evaluations = try compared.map { type throws(InputError) in
      try DetectionEvaluation(detections, of: dataset, by: rules, type, split: split)
    }
    confident = evaluations.first.map {
      ConfidentDetections(
        detections, by: $0,
        thresholds: DrawThresholds(given: drawThreshold, chosen: $0.thresholds))
    }
    format = "vild-evaluation"
    version = 1
    images = dataset.images.count
    self.detections = detections.records.count
    self.proposals = proposals
  }

  /// The report as JSON with sorted keys.
  public func json() throws -> Data {
    try JSONDocument.pretty(self)
  }
}

extension ConfidentDetections {
  /// - Parameter evaluation: of the detections' boxes; those of other categories do not count.
  fileprivate init(
    _ detections: DetectionResults, by evaluation: DetectionEvaluation, thresholds: DrawThresholds
  ) {
    let names = Dictionary(
      uniqueKeysWithValues: evaluation.categories.map { ($0.id, $0.name) })
    var counts = Dictionary(evaluation.categories.map { ($0.name, 0) }) { first, _ in first }
    for record in detections.records {
      if record.score >= thresholds.score, let name = names[record.categoryID] {
        counts[name, default: 0] += 1
      }
    }
    let truths = evaluation.categories.map { ($0.name, $0.truths) }
    self.init(counts, truths: Dictionary(truths, uniquingKeysWith: +), thresholds: thresholds)
  }
}
