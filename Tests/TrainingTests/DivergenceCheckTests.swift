import Foundation
import Support
import Testing
import Training

/// Sequences of losses made by hand: which are stopped, where, and which never.
@Suite struct DivergenceCheckTests {
  /// The first step of the sequence that is stopped, with the loss that stopped it. The loss of all
  /// is the sum.
  private func stop(_ steps: [[String: Double]]) -> (step: Int, name: String)? {
    var check = DivergenceCheck()
    for (step, parts) in steps.enumerated() {
      let losses = [("loss", parts.values.reduce(0, +))] + parts.sorted { $0.key < $1.key }
      if let found = check.divergence(in: losses) { return (step, found.name) }
      check.add(losses)
    }
    return nil
  }

  @Test func aJump() throws {
    let usual = [String: Double](dictionaryLiteral: ("boxes", 0.5), ("text", 2))
    let steps = Array(repeating: usual, count: 60)
    let found = try #require(stop(steps + [["boxes": 601, "text": 2]]))
    #expect(found == (60, "boxes"))
    // 99 times its median, or less than ten times what all were in the beginning, is no jump.
    #expect(stop(steps + [["boxes": 49.5, "text": 2]]) == nil)
    #expect(stop(steps + [["boxes": 50.5, "text": 2]])?.step == 60)
    let small = Array(repeating: ["boxes": 0.001, "text": 2], count: 60)
    #expect(stop(small + [["boxes": 19, "text": 2]]) == nil)
    #expect(stop(small + [["boxes": 21, "text": 2]])?.name == "boxes")
  }

  /// Whatever the first steps do.
  @Test func theBeginningIsNotJudged() {
    let steps = (0..<50).map { ["boxes": $0 == 20 ? 1e6 : 1] }
    #expect(stop(steps) == nil)
    // A few wild steps in the beginning do not hide a later one.
    let wild = (0..<60).map { ["boxes": $0 < 5 ? 1e4 : 1] }
    #expect(stop(wild + [["boxes": 120]])?.step == 60)
  }

  /// From 1 to 601 over the steps 100 to 170, as a rate that is too high does it; stopped on the way.
  @Test func slowGrowth() throws {
    let steps = (0..<171).map { step -> [String: Double] in
      let part = Double(max(0, step - 100)) / 70
      return ["boxes": pow(601, part), "text": 3]
    }
    let found = try #require(stop(steps))
    #expect(found.name == "boxes" && (140..<165).contains(found.step))
  }

  /// The boxes of four images of five, without objects, cost nothing.
  @Test func lossesThatAreOftenZero() {
    func steps(_ last: Double) -> [[String: Double]] {
      let usual = (0..<400).map { step -> [String: Double] in
        let boxes = step % 5 == 0 ? 0.3 + 0.1 * Double(step % 3) : 0
        return ["boxes": boxes, "text": 1]
      }
      return usual + [["boxes": last, "text": 1]]
    }
    #expect(stop(steps(4)) == nil)
    #expect(stop(steps(601))?.name == "boxes")
  }

  /// A loss that is zero until the first object is seen has no median yet.
  @Test func aLateFirstValue() {
    let steps = (0..<300).map { ["boxes": $0 < 290 ? 0 : 5, "text": 1.0] }
    #expect(stop(steps) == nil)
  }

  /// A trained classifier: next to nothing on the nineteen of twenty images without objects.
  @Test func lossesThatAreOftenNearZero() {
    let steps = (0..<3000).map { step -> [String: Double] in
      if step < 60 { return ["text": 3, "objectness": 0.7] }
      return step % 20 == 7 ? ["text": 4, "objectness": 0.6] : ["text": 1e-5, "objectness": 1e-4]
    }
    #expect(stop(steps) == nil)
  }

  /// Long tails: a step in a hundred thousand is 70 times the median.
  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func heavyTails(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    func normal() -> Double {
      (-2 * log(1 - generator.nextUniform())).squareRoot()
        * cos(2 * .pi * generator.nextUniform())
    }
    let steps = (0..<5000).map { step -> [String: Double] in
      // Falling from 3 to 0.3 the while.
      let median = 3 / (1 + Double(step) / 500)
      return ["boxes": exp(normal()) * median, "text": exp(0.3 * normal())]
    }
    #expect(stop(steps) == nil)
  }
}
