import Detection
import Regions
import Support
import Tensors
import Testing

@Suite struct PostProcessingTests {
  /// One candidate object a box and category, as the definition has it.
  private func naive(
    _ rule: PostProcessing, _ boxes: [Box], _ probabilities: [[Float]]
  ) -> [Detection] {
    typealias Pair = (score: Float, category: Int, box: Int)
    var pairs: [Pair] = []
    for (box, row) in probabilities.enumerated() where !boxes[box].isEmpty {
      for (category, score) in row.enumerated() where score > 0 && score >= rule.scoreThreshold {
        pairs.append((score, category, box))
      }
    }
    pairs.sort { ($1.score, $0.category, $0.box) < ($0.score, $1.category, $1.box) }
    if rule.suppression != .perCategory {
      var labelled = Set<Int>()
      pairs = pairs.filter { labelled.insert($0.box).inserted }
    }
    var competitors: [Int: Int] = [:]
    var kept: [Pair] = []
    for pair in pairs {
      let group = rule.suppression == .agnostic ? 0 : pair.category
      competitors[group, default: 0] += 1
      if competitors[group]! > rule.candidatesPerCategory { continue }
      let isSuppressed = kept.contains { better in
        (rule.suppression == .agnostic || better.category == pair.category)
          && Double(boxes[better.box].iou(boxes[pair.box])) > rule.nmsThreshold
      }
      if !isSuppressed { kept.append(pair) }
    }
    return kept.prefix(rule.limit).map {
      Detection(box: boxes[$0.box], category: $0.category, score: $0.score)
    }
  }

  /// Boxes on a coarse grid, some without area, and few different scores: many ties.
  private func randomCase(
    boxes count: Int, categories: Int, using generator: inout SeededGenerator
  ) -> (boxes: [Box], probabilities: [[Float]]) {
    func number(_ range: ClosedRange<Int>) -> Float {
      Float(Int.random(in: range, using: &generator))
    }
    let boxes = (0..<count).map { _ in
      let (x, y) = (number(0...30), number(0...30))
      return Box(x0: x, y0: y, x1: x + number(0...20), y1: y + number(1...20))
    }
    let probabilities = (0..<count).map { _ in (0..<categories).map { _ in number(0...40) / 40 } }
    return (boxes, probabilities)
  }

  private func tensor(_ rows: [[Float]], categories: Int, background: Bool) -> Tensor {
    Tensor(
      [rows.count, categories + (background ? 1 : 0)],
      rows.flatMap { (background ? [0.9] : []) + $0 })
  }

  @Test(arguments: PostProcessing.Suppression.allCases)
  func equalsTheNaiveReference(suppression: PostProcessing.Suppression) {
    var generator = SeededGenerator(seed: 7)
    for (count, categories) in [(0, 3), (1, 1), (5, 0), (9, 4), (40, 3), (70, 20), (30, 200)] {
      let (boxes, rows) = randomCase(boxes: count, categories: categories, using: &generator)
      for (scoreThreshold, candidates, limit) in [
        (Float(0), 1000, 300), (0.5, 1000, 10), (0.95, 7, 25), (0, 3, 1), (0, 1000, 0),
      ] {
        let rule = PostProcessing(
          suppression: suppression, scoreThreshold: scoreThreshold, nmsThreshold: 0.3,
          candidatesPerCategory: candidates, limit: limit)
        let expected = naive(rule, boxes, rows)
        for background in [true, false] {
          #expect(
            rule.detections(
              boxes: boxes,
              probabilities: tensor(rows, categories: categories, background: background),
              hasBackground: background) == expected)
        }
      }
    }
  }

  /// A and B overlap (IoU 0.8), C is elsewhere. Two categories:
  ///
  ///     A  0.6 0.3
  ///     B  0.5 0.4
  ///     C  0.1 0.2
  @Test func modesByHand() {
    let boxes = [
      Box(x0: 0, y0: 0, x1: 10, y1: 10), Box(x0: 0, y0: 0, x1: 10, y1: 8),
      Box(x0: 50, y0: 0, x1: 60, y1: 10),
    ]
    let probabilities = Tensor([3, 2], [0.6, 0.3, 0.5, 0.4, 0.1, 0.2])
    func found(_ suppression: PostProcessing.Suppression) -> [[Float]] {
      PostProcessing(suppression: suppression)
        .detections(boxes: boxes, probabilities: probabilities, hasBackground: false)
        .map { [$0.box.x1 == 60 ? 2 : $0.box.y1 == 8 ? 1 : 0, Float($0.category), $0.score] }
    }
    // A is the best of category 0 and drops B; B is the best of category 1 and drops A.
    #expect(found(.perCategory) == [[0, 0, 0.6], [1, 1, 0.4], [2, 1, 0.2], [2, 0, 0.1]])
    // A drops B, whatever it is.
    #expect(found(.agnostic) == [[0, 0, 0.6], [2, 1, 0.2]])
    // A and B are both of category 0, where A drops B.
    #expect(found(.oneLabelPerBox) == [[0, 0, 0.6], [2, 1, 0.2]])
  }

  @Test func oneLabelKeepsOverlappingBoxesOfDifferentCategories() {
    let boxes = [Box(x0: 0, y0: 0, x1: 10, y1: 10), Box(x0: 0, y0: 0, x1: 10, y1: 9)]
    let probabilities = Tensor([2, 3], [0, 0.6, 0.3, 0, 0.3, 0.5])
    let found = PostProcessing(suppression: .oneLabelPerBox)
      .detections(boxes: boxes, probabilities: probabilities)
    #expect(found.map(\.category) == [0, 1])
    #expect(found.map(\.score) == [0.6, 0.5])
    #expect(
      PostProcessing(suppression: .agnostic)
        .detections(boxes: boxes, probabilities: probabilities).map(\.category) == [0])
  }

  @Test func uselessBoxesAndProbabilitiesGiveNothing() {
    let boxes = [
      Box(x0: 5, y0: 5, x1: 5, y1: 9), Box(x0: .nan, y0: 0, x1: 4, y1: 4),
      Box(x0: 0, y0: 0, x1: .infinity, y1: 4), Box(x0: 0, y0: 0, x1: 4, y1: 4),
    ]
    let probabilities = Tensor([4, 2], [0.9, 0.9, 0.9, 0.9, 0.9, 0.9, .nan, 0])
    for suppression in PostProcessing.Suppression.allCases {
      let rule = PostProcessing(suppression: suppression)
      #expect(
        rule.detections(boxes: boxes, probabilities: probabilities, hasBackground: false) == [])
    }
  }

  @Test func equalScoresGoToTheEarlierCategoryThenTheEarlierBox() {
    let boxes = (0..<4).map { Box(x0: Float($0 * 10), y0: 0, x1: Float($0 * 10 + 5), y1: 5) }
    let probabilities = Tensor([4, 500], [Float](repeating: 0.002, count: 2000))
    let found = PostProcessing(limit: 6)
      .detections(boxes: boxes, probabilities: probabilities, hasBackground: false)
    #expect(found.map(\.category) == [0, 0, 0, 0, 1, 1])
    #expect(found.map(\.box.x0) == [0, 10, 20, 30, 0, 10])
  }

  /// Categories a few at a time give what all at once do, ties among them.
  @Test(arguments: PostProcessing.Suppression.allCases, [1, 3, 40])
  func tilesGiveTheSame(suppression: PostProcessing.Suppression, width: Int) {
    var generator = SeededGenerator(seed: 9)
    for limit in [1, 7, 300] {
      let (boxes, rows) = randomCase(boxes: 12, categories: 10, using: &generator)
      let rule = PostProcessing(suppression: suppression, scoreThreshold: 0.2, limit: limit)
      let tiles = stride(from: 0, to: 10, by: width).map { $0..<min($0 + width, 10) }
      let found = rule.detections(boxes: boxes, tiles: tiles) { tile in
        Tensor([12, tile.count], rows.flatMap { $0[tile] })
      }
      #expect(found == naive(rule, boxes, rows))
    }
  }
}
