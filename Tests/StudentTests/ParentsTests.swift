import Foundation
import Regions
import Student
import Support
import Tensors
import Testing

/// From coarse to fine: categories below parents.
@Suite struct ParentsTests {
  private static let e = exp(1.0)
  /// Of the first of two names where the cosines are 1 and -1, without background.
  private static let likely = e / (e + 1 / e)

  /// Below dog, which points where the first unit vector does, are a beagle, which does as well, and a
  /// poodle, the other way; cat, the other way, is alone.
  private static let asked = AskedCategories(
    names: ["beagle", "poodle", "cat"], embeddings: Tensor([3, 2], [1, 0, -1, 0, -1, 0]),
    textShares: [TextShare.novel, TextShare.novel, 1],
    parents: .init(
      names: ["dog"], embeddings: Tensor([1, 2], [1, 0]), textShares: [TextShare.base],
      children: [0..<2]))

  /// Whose background embedding is the second unit vector.
  private static func student(_ method: Method) throws -> Student {
    let student = try MethodTests.student(method)
    for parameter in student.parameters where parameter.name == "text.background" {
      parameter.value = Tensor([1, 2], [0, 3])
    }
    return student
  }

  private func expectClose(_ got: [Float], _ expected: [Double]) {
    #expect(got.count == expected.count)
    for (a, b) in zip(got, expected) { #expect(abs(Double(a) - b) < 1e-6, "\(a), not \(b)") }
  }

  /// For a region that points where the first unit vector does: p(dog) and p(cat) are e and 1/e of
  /// 1 + e + 1/e, where 1 is background, which takes no part among dogs.
  @Test func workedByHand() throws {
    let (e, likely) = (Self.e, Self.likely)
    let (first, second) = (Tensor([1, 2], [1, 0]), Tensor([1, 2], [-1, 0]))
    let all = 1 + e + 1 / e
    let (dog, cat) = (e / all, 1 / e / all)
    func scores(_ method: Method, _ regions: RegionDescription) throws -> RegionScores {
      try Self.student(method).regions.scores(regions, for: Self.asked)
    }
    for method in [Method.vildText, .vild] {
      let found = try scores(method, RegionDescription(text: first))
      expectClose(found.table.array, [dog * likely, dog * (1 - likely), cat])
      // A tile at a time as well.
      expectClose(found(1..<3).array, [dog * (1 - likely), cat])
      let details = found.details(of: [(0, 1), (0, 2)])
      expectClose([details[0].parent ?? -1], [dog])
      #expect(details[1].parent == nil && details.map(\.textCosine) == [-1, -1])
    }
    expectClose(
      try scores(.vildImage, RegionDescription(image: first)).table.array,
      [likely * likely, likely * (1 - likely), 1 - likely])
    // The image head sees the opposite, without background: each softmax has shares of its own.
    let both = try scores(.vildEnsemble, RegionDescription(text: first, image: second))
    let joined = cbrt(dog * dog * (1 - likely))
    expectClose(
      both.table.array,
      [
        joined * cbrt(likely * (1 - likely) * (1 - likely)),
        joined * cbrt((1 - likely) * likely * likely), cat,
      ])
    expectClose([both.details(of: [(0, 0)])[0].parent ?? -1], [joined])
  }

  /// Objectness says whether there is a dog at all, and not which.
  @Test func objectnessIsInTheFirstSoftmaxByHand() {
    let likely = Self.likely
    let scores = RegionScores(
      teacher: Tensor([1, 2], [1, 0]), objectness: [0.25], for: Self.asked, temperature: 1)
    let dog = likely.squareRoot() / 2
    expectClose(
      scores.table.array, [dog * likely, dog * (1 - likely), (1 - likely).squareRoot() / 2])
  }

  /// Parents of many categories, more than a tile has, of two and of one, between categories without:
  /// against sums in double precision.
  @Test(arguments: [Method.vildText, .vild, .vildImage, .vildEnsemble])
  func manyCategories(method: Method) throws {
    let children = [5..<1035, 1038..<1040, 1040..<1041]
    let count = 1045
    var generator = SeededGenerator(seed: 11)
    let (text, image) = (
      Tensor.unitRows(3, width: 2, using: &generator),
      Tensor.unitRows(3, width: 2, using: &generator)
    )
    let names = Tensor.unitRows(count, width: 2, using: &generator)
    let parents = Tensor.unitRows(3, width: 2, using: &generator)
    let shares = (0..<count).map { Float($0 % 5) / 4 }
    let parentShares: [Float] = [0.25, 1, 0.5]
    let asked = AskedCategories(
      names: (0..<count).map(String.init), embeddings: names, textShares: shares,
      parents: .init(
        names: ["a", "b", "c"], embeddings: parents, textShares: parentShares, children: children))
    let regions = RegionDescription(
      text: method == .vildImage ? nil : text,
      image: [.vildImage, .vildEnsemble].contains(method) ? image : nil)
    let scores = try Self.student(method).regions.scores(regions, for: asked)

    func weights(_ head: Tensor, _ region: Int, _ rows: Tensor) -> [Double] {
      let (x, rows) = (head.rows(region..<region + 1).array.map(Double.init), rows.array)
      return stride(from: 0, to: rows.count, by: 2).map {
        exp(x[0] * Double(rows[$0]) + x[1] * Double(rows[$0 + 1]))
      }
    }
    let alone = (0..<count).filter { name in !children.contains { $0.contains(name) } }
    /// By one head: p(parent) and p(category), where those with a parent have p(category | parent).
    func head(_ rows: Tensor, _ region: Int, background: Double) -> (up: [Double], own: [Double]) {
      let (up, own) = (weights(rows, region, parents), weights(rows, region, names))
      let all = background + up.reduce(0, +) + alone.reduce(0) { $0 + own[$1] }
      let sums = children.map { own[$0].reduce(0, +) }
      return (
        up.map { $0 / all },
        (0..<count).map { name in
          own[name] / (children.firstIndex { $0.contains(name) }.map { sums[$0] } ?? all)
        }
      )
    }
    let tiles = scores.tiles.map { ($0, scores($0).array) }
    #expect(tiles.count == 2)
    for region in 0..<3 {
      let background = exp(Double(text.array[2 * region + 1]))
      let (said, seen) = (
        head(text, region, background: background), head(image, region, background: 0)
      )
      func joined(_ text: Double, _ image: Double, _ share: Float) -> Double {
        switch method {
        case .vildImage: image
        case .vildEnsemble: pow(text, Double(share)) * pow(image, 1 - Double(share))
        default: text
        }
      }
      let details = scores.details(of: (0..<count).map { (region, $0) })
      for (tile, values) in tiles {
        for (column, name) in tile.enumerated() {
          let parent = children.firstIndex { $0.contains(name) }
          let up = parent.map { joined(said.up[$0], seen.up[$0], parentShares[$0]) }
          let expected = (up ?? 1) * joined(said.own[name], seen.own[name], shares[name])
          let got = Double(values[region * tile.count + column])
          #expect(abs(got - expected) < 1e-6 && abs(got / expected - 1) < 1e-4, "\(name)")
          #expect((details[name].parent == nil) == (up == nil))
          if let found = details[name].parent, let up { #expect(abs(Double(found) - up) < 1e-6) }
        }
      }
    }
  }
}
