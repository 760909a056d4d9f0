import Datasets
import Evaluation
import Foundation
import Testing

@Suite struct ScoreThresholdsTests: CatsAndDogs {
  /// Of the cats ten are found at 0.9: F1 20 / 30; five more at 0.7, below five mistakes: 30 / 40;
  /// the mistakes at 0.1 spoil it. With the dogs at 0.3 the best of all is 34 / 44.
  private var records: [DetectionRecord] {
    found(0..<10, 0.9) + found(0..<5, 0.8, isRight: false) + found(10..<15, 0.7)
      + found(0..<30, 0.1, isRight: false) + found(20..<22, category: 2, 0.3)
  }

  @Test(arguments: [EvaluationProtocol.coco, .voc, .voc2007])
  func byHand(rules: EvaluationProtocol) throws {
    let result = try DetectionEvaluation(DetectionResults(records), of: dataset(), by: rules)
    let thresholds = try #require(result.thresholds)
    // Two dogs are too few for a score of their own.
    #expect(thresholds.categories.keys.sorted() == ["cat"])
    let cat = try #require(thresholds.categories["cat"])
    #expect(cat.score == 0.7 && cat.truths == 20)
    #expect([cat.f1, cat.precision, cat.recall] == [0.75, 0.75, 0.75])
    let all = try #require(thresholds.all)
    #expect(all.score == 0.3 && all.truths == 22)
    #expect([all.f1, all.precision, all.recall].allSatisfy { $0 == 17.0 / 22 })
  }

  /// The five right ones at 0.8 come with the five mistakes, or not at all.
  @Test func equalScoresGoTogether() throws {
    let records =
      found(0..<10, 0.9) + found(10..<15, 0.8) + found(0..<25, 0.8, isRight: false)
    let result = try DetectionEvaluation(DetectionResults(records), of: dataset(), by: .coco)
    #expect(result.thresholds?.categories["cat"]?.score == 0.9)
  }

  @Test func withoutARightDetectionThereIsNone() throws {
    for records in [[], found(0..<20, 0.9, isRight: false)] {
      let result = try DetectionEvaluation(DetectionResults(records), of: dataset(), by: .coco)
      #expect(result.thresholds?.all == nil && result.thresholds?.categories.isEmpty == true)
    }
  }

  /// What is drawn, by where the scores are from.
  @Test func whatIsDrawn() throws {
    let chosen = try DetectionEvaluation(DetectionResults(records), of: dataset(), by: .coco)
      .thresholds
    let given = DrawThresholds(given: 0.5, chosen: chosen)
    #expect(given.source == .pipelineFile)
    #expect(["cat", "bird"].map { given[$0] } == [0.5, 0.5])
    #expect(given.words == "score 0.50 or more")
    let best = DrawThresholds(given: nil, chosen: chosen)
    #expect(best.source == .validation)
    #expect(["cat", "bird"].map { best[$0] } == [0.7, 0.3])
    #expect(
      best.words
        == "score 0.30 or more (cat 0.70), which gives the best F1 on the validation images")
    let none = try DetectionEvaluation(DetectionResults([]), of: dataset(), by: .coco).thresholds
    for thresholds in [DrawThresholds(given: nil, chosen: none), .init(given: nil, chosen: nil)] {
      #expect(thresholds.source == .fallback && thresholds["cat"] == 0.3)
    }
  }

  /// Of sheep one in ten would be right from their best score on: only those are drawn that are as sure
  /// as others. Dogs are given too often, and have a higher score of their own.
  @Test func whatIsHardlyFoundIsNotDrawn() throws {
    let text = #"""
      {"all": {"score": 0.5, "f1": 0.4, "precision": 0.4, "recall": 0.4, "truths": 60},
       "categories": {
         "sheep": {"score": 0.01, "f1": 0.1, "precision": 0.1, "recall": 0.1, "truths": 20},
         "cat": {"score": 0.3, "f1": 0.6, "precision": 0.6, "recall": 0.6, "truths": 20},
         "dog": {"score": 0.9, "f1": 0.2, "precision": 0.2, "recall": 0.2, "truths": 20}}}
      """#
    let chosen = try JSONDecoder().decode(ScoreThresholds.self, from: Data(text.utf8))
    let drawn = DrawThresholds(given: nil, chosen: chosen)
    #expect(["sheep", "cat", "dog"].map { drawn[$0] } == [0.5, 0.3, 0.9])
  }

  /// From 0.3 on, the cats' own score of 0.7 being for pictures alone.
  @Test func reportsCountConfidentDetections() throws {
    let report = try EvaluationReport(detections: DetectionResults(records), of: dataset())
    let confident = try #require(report.confident)
    #expect(confident.thresholds.source == .validation && confident.vocabulary == 3)
    #expect(confident.detections == 22)
    #expect(confident.names.map(\.name) == ["cat", "dog"])
    #expect(confident.names.map(\.detections) == [20, 2])
    let shares: [Double?] = [20.0 / 22, 2.0 / 22]
    #expect(confident.names.map(\.truthShare) == shares)
    #expect(
      confident.line
        == "22 detections from score 0.30 on: cat 91% (91% of the objects), dog 9% (9% of the objects)"
    )
    let all = try EvaluationReport(
      detections: DetectionResults(records), of: dataset(), drawThreshold: 0)
    #expect(all.confident?.detections == 52 && all.confident?.thresholds.source == .pipelineFile)
    #expect(try JSONDecoder().decode(EvaluationReport.self, from: all.json()) == all)
  }
}

@Suite struct ConfidentDetectionsTests {
  private let thresholds = DrawThresholds(given: 0.3, chosen: nil)

  private func warning(_ counts: [String: Int], truths: [String: Int]? = nil) -> String? {
    ConfidentDetections(counts, truths: truths, thresholds: thresholds).warning
  }

  @Test func oneNameForMost() {
    #expect(
      warning(["dog": 97, "cat": 2, "cow": 1, "sheep": 0])
        == "97% of the detections from score 0.30 on are called 'dog', one of 4 names, which may be right if "
        + "the photographs show little else; see 'My student names everything X' in "
        + "pipelines/troubleshooting.md")
    // Half is not most; too few detections; too few names.
    #expect(warning(["dog": 50, "cat": 49, "cow": 1]) == nil)
    #expect(warning(["dog": 48, "cat": 1, "cow": 0]) == nil)
    #expect(warning(["dog": 97, "cat": 3]) == nil)
    #expect(warning(["dog": 0, "cat": 0, "cow": 0]) == nil)
  }

  /// Where most objects are dogs, most detections may be.
  @Test func annotatedObjectsAreComparedWith() throws {
    let counts = ["dog": 80, "cat": 10, "cow": 10]
    #expect(warning(counts, truths: ["dog": 60, "cat": 30, "cow": 10]) == nil)
    let line = try #require(warning(counts, truths: ["dog": 20, "cat": 70, "cow": 10]))
    let expected =
      "80% of the detections from score 0.30 on are called 'dog', the name of 20% of the annotated objects"
    #expect(line.hasPrefix(expected))
  }

  @Test func theLineNamesFive() {
    let counts = ["a": 40, "b": 20, "c": 10, "d": 10, "e": 10, "f": 6, "g": 4, "h": 0]
    let confident = ConfidentDetections(counts, thresholds: thresholds)
    #expect(
      confident.line
        == "100 detections from score 0.30 on: a 40%, b 20%, c 10%, d 10%, e 10%, 2 other names 10%"
    )
    #expect(
      ConfidentDetections(["a": 0], thresholds: thresholds).line
        == "0 detections from score 0.30 on")
  }
}
