import Datasets
import Evaluation
import Foundation
import Support
import Testing

/// Scores chosen for a target, on twenty cats and two dogs beside each other.
@Suite struct ChosenThresholdsTests: CatsAndDogs {
  /// Cats: 10 of 10 right at 0.9, 10 of 11 at 0.8, 18 of 20 at 0.7, 18 of 30 at 0.5. Dogs: 2 of 2 at
  /// 0.6.
  private var records: [DetectionRecord] {
    found(0..<10, 0.9) + found(0..<1, 0.8, isRight: false) + found(10..<18, 0.7)
      + found(1..<2, 0.7, isRight: false) + found(2..<12, 0.5, isRight: false)
      + found(20..<22, category: 2, 0.6)
  }

  private func chosen(_ target: String) throws -> CategoryThresholds {
    try CategoryThresholds(
      DetectionResults(records), of: dataset(), by: .coco, reaching: ThresholdTarget(target))
  }

  @Test func precision() throws {
    let chosen = try chosen("precision=0.9")
    // Two dogs and no cow are too few.
    #expect(
      chosen.categories == ["cat": .init(score: 0.7, precision: 0.9, recall: 0.9, truths: 20)])
    // With the dogs, 20 of 22 from 0.6 on.
    #expect(
      chosen.all == .init(score: 0.6, precision: 20.0 / 22, recall: 20.0 / 22, truths: 22))
    #expect(chosen.target == "precision 0.9")
    #expect(
      chosen.lines == [
        "1 name has a score of their own; all others begin at 0.6, where 91% of all detections "
          + "are right and 91% of the objects are found"
      ])
    // Not 0.8, though from there on only one in eleven is wrong: less would be found.
    #expect(try self.chosen("precision=0.91").categories["cat"]?.score == 0.9)
    #expect(try self.chosen("precision=1").categories["cat"]?.score == 0.9)
    #expect(try self.chosen("precision=0.5").categories["cat"]?.score == 0.5)
  }

  @Test func recallAndF1() throws {
    let half = try chosen("recall=0.5")
    #expect(half.categories["cat"]?.score == 0.9 && half.categories["cat"]?.precision == 1)
    #expect(try chosen("recall=0.51").categories["cat"]?.score == 0.7)
    let best = try chosen("f1")
    let report = try DetectionEvaluation(DetectionResults(records), of: dataset(), by: .coco)
    #expect(best.categories["cat"]?.score == report.thresholds?.categories["cat"]?.score)
    #expect(best.all?.score == report.thresholds?.all?.score)
  }

  @Test func whatNoScoreReachesWantsNothing() throws {
    let chosen = try chosen("recall=1")
    #expect(chosen.categories == ["cat": .init(score: nil, truths: 20)])
    #expect(chosen.score(of: "cat", or: 0) == .infinity)
    #expect(chosen.lines.last == "no score gives recall 1.0 for cat, of which no detection counts")
  }

  @Test(arguments: ["precision", "precision=0", "precision=1.1", "recall=x", "f1=0.5", "ap=1", ""])
  func otherTargets(text: String) throws {
    let error = try #require(throws: InputError.self) { try ThresholdTarget(text) }
    #expect(error.kind == .usage && error.got == "'\(text)'")
  }
}
