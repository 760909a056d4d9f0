import Foundation
import Regions
import Student
import Support
import Tensors
import Testing

/// Attributes beside categories, and cosines beside probabilities.
@Suite struct AttributesTests {
  private static let e = exp(1.0)
  /// Of the first of two names where the cosines are 1 and -1, without background.
  private static let likely = e / (e + 1 / e)

  /// What a student says of regions that were taken for categories; cat and red point where the first
  /// unit vector does, dog and blue the other way.
  private func details(
    _ method: Method, _ regions: RegionDescription, of chosen: [(region: Int, category: Int)],
    attributes: Bool = true
  ) throws -> [RegionScores.Details] {
    let student = try MethodTests.student(method)
    let names = Tensor([2, 2], [1, 0, -1, 0])
    let asked = AskedCategories(
      names: ["cat", "dog"], embeddings: names, textShares: [TextShare.base, TextShare.novel],
      attributes: attributes ? .init(names: ["red", "blue"], embeddings: names) : nil)
    return student.regions.scores(regions, for: asked).details(of: chosen)
  }

  /// Background, which the text head's softmax over categories has, is no attribute.
  @Test func workedByHand() throws {
    let text = Tensor([2, 2], [1, 0, -1, 0])
    for method in [Method.vildText, .vild] {
      let found = try details(method, RegionDescription(text: text), of: [(0, 1), (1, 1)])
      #expect(found.map { $0.attribute?.index } == [0, 1])
      for found in found {
        #expect(abs(Double(found.attribute?.probability ?? 0) - Self.likely) < 1e-6)
        #expect(found.imageCosine == nil && found.parent == nil)
      }
      #expect(found.map(\.textCosine) == [-1, 1])
    }
    let image = try details(.vildImage, RegionDescription(image: text), of: [(1, 0)])
    #expect(image[0].attribute?.index == 1 && image[0].imageCosine == -1)
    #expect(image[0].textCosine == nil)
    let none = try details(
      .vild, RegionDescription(text: text), of: [(0, 0)], attributes: false)
    #expect(none[0].attribute == nil && none[0].textCosine == 1)
    #expect(try details(.vild, RegionDescription(text: text), of: []).isEmpty)
  }

  /// Both heads of an ensemble decide alike, whatever their shares of the categories. The image head sees
  /// as much of each attribute: (p_text p_image)^(1/2) = (likely / 2)^(1/2).
  @Test func bothHeadsByHand() throws {
    let regions = RegionDescription(text: Tensor([1, 2], [1, 0]), image: Tensor([1, 2], [0, 1]))
    for method in [Method.vildEnsemble, .vildText] {
      for category in 0..<2 {
        let found = try #require(try details(method, regions, of: [(0, category)]).first)
        #expect(found.attribute?.index == 0)
        let probability = Double(found.attribute?.probability ?? 0)
        #expect(abs(probability - (Self.likely / 2).squareRoot()) < 1e-6)
        #expect(found.textCosine == (category == 0 ? 1 : -1) && found.imageCosine == 0)
      }
    }
  }

  @Test func aClosedVocabularyHasNothingBesideScores() throws {
    let student = try MethodTests.student(.supervised)
    let scores = student.regions.scores(
      RegionDescription(logits: Tensor([1, 3], [0, 1, 2])),
      for: AskedCategories(names: ["cat", "dog"], embeddings: Tensor(zeros: [2, 2])))
    let found = try #require(scores.details(of: [(0, 1)]).first)
    #expect(found.attribute == nil && found.parent == nil)
    #expect(found.textCosine == nil && found.imageCosine == nil)
  }

  /// The vocabulary that is never built: a name for each category with each attribute, whose embedding is
  /// the sum of both, so that a softmax over all of them is the product of the two. More categories than
  /// there are in a tile, and so many attributes.
  @Test(arguments: [(categories: 1100, attributes: 3), (7, 1030)])
  func theProductVocabularyIsTheReference(categories: Int, attributes: Int) {
    let width = 6
    var generator = SeededGenerator(seed: 5)
    func rows(_ count: Int) -> Tensor { .unitRows(count, width: width, using: &generator) }
    let (regions, names, others) = (rows(4), rows(categories), rows(attributes))
    let temperature = 0.25
    let scores = RegionScores(
      teacher: regions,
      for: AskedCategories(
        names: (0..<categories).map(String.init), embeddings: names,
        attributes: .init(names: (0..<attributes).map(String.init), embeddings: others)),
      temperature: Float(temperature))
    let tiles = scores.tiles.map { ($0, scores($0).array) }
    let (a, b, c) = (regions.array, names.array, others.array)
    for region in 0..<4 {
      var all: [Double] = []
      for name in 0..<categories {
        for attribute in 0..<attributes {
          let cosines = (0..<width).reduce(0.0) { sum, d in
            sum + Double(a[region * width + d])
              * (Double(b[name * width + d]) + Double(c[attribute * width + d]))
          }
          all.append(exp(cosines / temperature))
        }
      }
      let total = all.reduce(0, +)
      let details = scores.details(of: (0..<categories).map { (region, $0) })
      for (tile, values) in tiles {
        for (column, category) in tile.enumerated() {
          let products = all[category * attributes..<(category + 1) * attributes]
          let best = products.max()!
          let found = details[category].attribute!
          #expect(products[products.startIndex + found.index] == best)
          let score = Double(values[region * tile.count + column] * found.probability)
          #expect(abs(score - best / total) < 1e-6)
          #expect(abs(score / (best / total) - 1) < 1e-4)
        }
      }
    }
  }

  /// A dot product in double precision, worked out here again.
  @Test func cosines() {
    var generator = SeededGenerator(seed: 8)
    let regions = Tensor.unitRows(3, width: 5, using: &generator)
    let names = Tensor.unitRows(4, width: 5, using: &generator)
    let scores = RegionScores(
      teacher: regions, objectness: [0.5, 0.5, 0.5],
      for: AskedCategories(names: ["a", "b", "c", "d"], embeddings: names), temperature: 0.01)
    let pairs: [(region: Int, category: Int)] = [(2, 0), (0, 3), (2, 3)]
    for (pair, details) in zip(pairs, scores.details(of: pairs)) {
      let products = (0..<5).map {
        Double(regions.array[pair.region * 5 + $0]) * Double(names.array[pair.category * 5 + $0])
      }
      #expect(abs(Double(details.imageCosine!) - products.reduce(0, +)) < 1e-7)
    }
  }
}

extension Tensor {
  /// [count, width], of random directions.
  static func unitRows(
    _ count: Int, width: Int, using generator: inout SeededGenerator
  ) -> Tensor {
    l2Normalize(
      Variable(.normal([count, width], standardDeviation: 1, using: &generator))
    ).value
  }
}
