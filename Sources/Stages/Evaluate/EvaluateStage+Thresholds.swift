import Datasets
public import Evaluation
import Foundation
public import Support

/// Scores to be chosen by annotated images, and the file that they are written to.
public struct ThresholdChoice: Sendable {
  public let target: ThresholdTarget
  /// Of the thresholds file.
  public let path: String

  /// - Throws: `InputError` (`usage`) for another target than `ThresholdTarget` knows.
  public init(_ target: String, path: String) throws(InputError) {
    self.target = try ThresholdTarget(target)
    self.path = path
  }

  /// Chooses, writes, and says what came of it.
  func write(
    _ results: DetectionResults, of dataset: COCODataset, by rules: EvaluationProtocol,
    split: CategorySplit?, report: Console
  ) throws {
    let chosen = try CategoryThresholds(
      results, of: dataset, by: rules, split: split, reaching: target)
    try Files.write(chosen.json(), to: path)
    for line in chosen.lines { report.say(EvaluateStage.name, line) }
    report.say(EvaluateStage.name, "wrote \(path)")
  }
}

extension EvaluateStage.Output {
  /// Writes the scores from which on these detections are worth what is wanted.
  func write(_ thresholds: ThresholdChoice, report: Console) throws {
    try folder.check("detections.json")
    let results = try DetectionResults(path: folder.file("detections.json"), of: images.dataset)
    try thresholds.write(
      results, of: images.dataset, by: rules, split: images.split, report: report)
  }
}
