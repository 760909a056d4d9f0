import Detection
import Foundation
import Labelling
import Regions
import Student
import Support
import Tensors
import Testing

/// What becomes of regions that are scored.
@Suite struct ScoredDetectionsTests {
  private static let boxes = (0..<3).map { index in
    Box(x0: Float(20 * index), y0: 0, x1: Float(20 * index) + 10, y1: 10)
  }

  /// Three regions apart from each other: a cat, which is red, a cat and a dog, which are less clearly
  /// of either colour.
  private func scores(
    attributes: [String] = [],
    vectors: [Float] = [0.8, 0, 0.6, 0, 0.96, 0, 0.28, 0, 0, 0.6, 0.48, 0.64]
  ) -> RegionScores {
    let names = Tensor([2, 4], [1, 0, 0, 0, 0, 1, 0, 0])
    let colours = Tensor([2, 4], [0, 0, 1, 0, 0, 0, 0, 1])
    return RegionScores(
      teacher: Tensor([3, 4], vectors),
      for: AskedCategories(
        names: ["cat", "dog"], embeddings: names,
        attributes: attributes.isEmpty ? nil : .init(names: attributes, embeddings: colours)),
      temperature: 0.2)
  }

  /// The softmax of two cosines at the temperature 0.2, of the first.
  private func share(_ a: Double, of b: Double) -> Double { 1 / (1 + exp((b - a) / 0.2)) }

  @Test func attributesMultiplyAndRankByHand() throws {
    let plain = try PostProcessing(scoreThreshold: 0.5).detections(
      boxes: Self.boxes, scores: scores())
    #expect(plain.map(\.box) == [Self.boxes[1], Self.boxes[0], Self.boxes[2]])
    #expect(plain.map(\.category) == [0, 0, 1])
    #expect(plain.allSatisfy { $0.attribute == nil && $0.cosine.text == nil })
    #expect(plain.map { $0.cosine.image ?? 0 } == [0.96, 0.8, 0.6])
    let asked = try PostProcessing(scoreThreshold: 0.5).detections(
      boxes: Self.boxes, scores: scores(attributes: ["red", "blue"]))
    // The clear red comes before the clear cat; no box was lost or added.
    #expect(asked.map(\.box) == Self.boxes)
    #expect(asked.map { $0.attribute?.index } == [0, 0, 1])
    let cats = [share(0.8, of: 0), share(0.96, of: 0), share(0.6, of: 0)]
    let colours = [share(0.6, of: 0), share(0.28, of: 0), share(0.64, of: 0.48)]
    for (index, found) in asked.enumerated() {
      let attribute = try #require(found.attribute)
      #expect(abs(Double(attribute.categoryProbability) - cats[index]) < 1e-6)
      #expect(abs(Double(attribute.probability) - colours[index]) < 1e-6)
      #expect(found.score == attribute.categoryProbability * attribute.probability)
      // The same boxes, categories and probabilities as without attributes, to the bit.
      let before = try #require(plain.first { $0.box == found.box })
      #expect(before.score == attribute.categoryProbability)
      #expect(before.cosine == found.cosine && before.category == found.category)
    }
  }

  /// The threshold is of the category's probability, which 0.94 and 0.80 of the products come from.
  @Test func attributesDropNothing() throws {
    let rule = PostProcessing(scoreThreshold: 0.95, limit: 2)
    let asked = try rule.detections(
      boxes: Self.boxes, scores: scores(attributes: ["red", "blue"]))
    #expect(asked.count == 2 && asked.allSatisfy { $0.score < 0.95 })
  }

  /// Pet is meant by the same vector as cat, and dog is all that is below it.
  @Test func aCategoryBelowAParentSaysHowLikelyThatIs() throws {
    let found = try PostProcessing().detections(
      boxes: [Self.boxes[0]],
      scores: RegionScores(
        teacher: Tensor([1, 2], [1, 0]),
        for: AskedCategories(
          names: ["cat", "dog"], embeddings: Tensor([2, 2], [1, 0, 0, 1]),
          parents: .init(
            names: ["pet"], embeddings: Tensor([1, 2], [1, 0]), children: [1..<2])),
        temperature: 1))
    let (cat, dog) = (found.first { $0.category == 0 }, found.first { $0.category == 1 })
    #expect(found.count == 2 && cat?.parentProbability == nil)
    #expect(abs((dog?.parentProbability ?? 0) - 0.5) < 1e-6)
    for found in [cat, dog] { #expect(abs((found?.score ?? 0) - 0.5) < 1e-6) }
  }

  @Test func whatIsNotFiniteIsRefused() {
    let error = #expect(throws: InputError.self) {
      try PostProcessing().detections(
        boxes: Self.boxes,
        scores: scores(attributes: ["red", "blue"], vectors: Array(repeating: .nan, count: 12)))
    }
    #expect(error?.what == "the scores of the regions are not finite")
  }
}
