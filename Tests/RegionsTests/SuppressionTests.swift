import Regions
import Support
import Testing

@Suite struct SuppressionTests {
  /// Boxes on a coarse grid with few different scores: many ties and equal overlaps.
  func randomCase(count: Int, seed: UInt64) -> (boxes: [Box], scores: [Float]) {
    var generator = SeededGenerator(seed: seed)
    func number(_ range: ClosedRange<Int>) -> Float {
      Float(Int.random(in: range, using: &generator))
    }
    var boxes: [Box] = []
    var scores: [Float] = []
    for _ in 0..<count {
      let (x, y) = (number(0...30), number(0...30))
      boxes.append(Box(x0: x, y0: y, x1: x + number(0...20), y1: y + number(1...20)))
      scores.append(number(0...9) / 10)
    }
    return (boxes, scores)
  }

  func naive(_ boxes: [Box], _ scores: [Float], _ threshold: Double, limit: Int) -> [Int] {
    var kept: [Int] = []
    for index in descendingOrder(scores) where kept.count < limit {
      if kept.allSatisfy({ Double(boxes[$0].iou(boxes[index])) <= threshold }) {
        kept.append(index)
      }
    }
    return kept
  }

  @Test func equalsTheNaiveLoop() {
    for (seed, count) in [0, 1, 2, 63, 64, 65, 200, 513].enumerated() {
      let (boxes, scores) = randomCase(count: count, seed: UInt64(seed))
      for threshold in [0.1, 0.5, 0.7, 0.9] {
        for limit in [Int.max, 10, 0] {
          let expected = naive(boxes, scores, threshold, limit: limit)
          #expect(
            nonMaximumSuppression(
              boxes: boxes, scores: scores, iouThreshold: threshold, limit: limit) == expected)
          let matrix = OverlapMatrix(boxes: boxes, iouThreshold: threshold)
          #expect(matrix.suppress(order: descendingOrder(scores), limit: limit) == expected)
        }
      }
    }
  }

  @Test func matrixServesAnyOrder() {
    let (boxes, _) = randomCase(count: 130, seed: 5)
    let matrix = OverlapMatrix(boxes: boxes, iouThreshold: 0.3)
    let some = stride(from: 129, through: 0, by: -3).map { $0 }
    let scores = some.map { _ in Float(1) }
    let kept = nonMaximumSuppression(
      boxes: some.map { boxes[$0] }, scores: scores, iouThreshold: 0.3)
    #expect(matrix.suppress(order: some) == kept.map { some[$0] })
    #expect(matrix.overlaps(3, 70) == (boxes[3].iou(boxes[70]) > 0.3))
  }

  @Test func anIouEqualToTheThresholdIsKept() {
    // 8 of 16 shared: IoU is exactly one half.
    let boxes = [Box(x0: 0, y0: 0, x1: 4, y1: 4), Box(x0: 0, y0: 0, x1: 4, y1: 2)]
    #expect(nonMaximumSuppression(boxes: boxes, scores: [1, 0.5], iouThreshold: 0.5) == [0, 1])
    #expect(nonMaximumSuppression(boxes: boxes, scores: [1, 0.5], iouThreshold: 0.49) == [0])
  }

  @Test func tiesGoToTheEarlierBoxAndNanIsLast() {
    let box = Box(x0: 0, y0: 0, x1: 4, y1: 4)
    #expect(
      nonMaximumSuppression(boxes: [box, box], scores: [0.5, 0.5], iouThreshold: 0.5) == [0])
    #expect(descendingOrder([.nan, 0.5, 1, 0.5, -.infinity]) == [2, 1, 3, 0, 4])
    #expect(descendingOrder([-0.0, 0, -1, 3, -2]) == [3, 0, 1, 2, 4])
  }

  /// Of any sign and size, many of them equal, some no numbers: as by a stable sort of the scores themselves.
  @Test(arguments: [0, 1, 7, 99, 250, 999, 1000, 2000]) func theFirstOfManyScores(count: Int) {
    var generator = SeededGenerator(seed: 5)
    let scores: [Float] = (0..<1000).map { _ in
      let score =
        Float.random(in: -1...1, using: &generator) * .random(in: 0...30, using: &generator)
      return [score, score.rounded(), -6.5, .nan, -.infinity].randomElement(using: &generator)!
    }
    let keys = scores.map { $0.isNaN ? -Float.infinity : $0 }
    let expected = scores.indices.sorted { (-keys[$0], $0) < (-keys[$1], $1) }
    #expect(descendingOrder(scores, first: count) == Array(expected.prefix(count)))
    #expect(descendingOrder(scores) == expected)
  }
}
