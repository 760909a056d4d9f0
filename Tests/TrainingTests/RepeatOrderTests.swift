import Foundation
import Support
import TestSupport
import Testing
import Training

@Suite struct RepeatOrderTests {
  /// Of four images, category 1 is in all, 2 in one: sqrt(0.5 / 0.25) = 1.41.
  @Test func factorsFollowTheRarestCategory() {
    let factors = RepeatOrder.factors([[1], [1, 2], [1], [1]], threshold: 0.5)
    #expect(factors == [1, 2.0.squareRoot(), 1, 1])
    #expect(RepeatOrder.factors([[], [7]], threshold: 2) == [1, 2])
  }

  @Test func anImageComesItsFactorRoundedUpOrDown() {
    let factors = [1, 1.25, 2.5, 1, 3, 1.1]
    let epochs = 400
    let order = RepeatOrder(seed: 3, factors: factors, epochs: epochs)
    var counts = [[Int]](repeating: [0, 0, 0, 0, 0, 0], count: epochs)
    for place in 0..<order.count {
      let (epoch, index) = order.image(at: place)
      counts[epoch][index] += 1
    }
    for (image, factor) in factors.enumerated() {
      let times = counts.map { $0[image] }
      #expect(times.allSatisfy { $0 == Int(factor) || $0 == Int(factor.rounded(.up)) })
      let mean = Double(times.reduce(0, +)) / Double(epochs)
      #expect(abs(mean - factor) < 0.06, "image \(image)")
    }
  }

  @Test func epochsDifferAndSeedsDiffer() {
    let factors = (0..<50).map { 1 + Double($0 % 7) / 5 }
    let order = RepeatOrder(seed: 1, factors: factors, epochs: 3)
    let again = RepeatOrder(seed: 1, factors: factors, epochs: 3)
    let other = RepeatOrder(seed: 2, factors: factors, epochs: 3)
    let all = (0..<order.count).map { order.image(at: $0) }
    #expect((0..<again.count).reversed().allSatisfy { again.image(at: $0) == all[$0] })
    let epoch = { (e: Int) in all.filter { $0.epoch == e }.map(\.index) }
    #expect(epoch(0) != epoch(1) && epoch(1) != epoch(2))
    #expect((0..<40).contains { other.image(at: $0) != all[$0] })
  }

  /// LVIS's own counts, over its 100,170 training images: the rarest categories' factor is about
  /// 10, and those in more than 100 images have 1.
  @Test(.enabled(if: Shared.has("vocabularies/lvis_v1_train_cat_info.json")))
  func lvisCounts() throws {
    struct Category: Decodable {
      var image_count: Int
      var frequency: String
    }
    let path = Shared.path("vocabularies/lvis_v1_train_cat_info.json")
    let categories = try JSONDecoder().decode(
      [Category].self, from: Data(contentsOf: URL(filePath: path)))
    var images = [Set<Int>](repeating: [], count: 100_170)
    var next = 0
    for (index, category) in categories.enumerated() {
      for _ in 0..<category.image_count {
        images[next % images.count].insert(index)
        next += 1
      }
    }
    let factors = RepeatOrder.factors(images, threshold: 0.001)
    #expect(abs(factors.max()! - 100.17.squareRoot()) < 1e-9)
    let order = RepeatOrder(seed: 1, factors: factors, epochs: 2)
    #expect(abs(Double(order.count) - 2 * factors.reduce(0, +)) <= 2)
  }
}
