import Foundation
import Support

/// How many training images have each category, and which: a long tail as in LVIS, exact for any
/// number of images, and known for an image without looking at the others.
///
/// A category is rare in at most 10 images, common in 11 to 100, frequent in more, as LVIS defines;
/// about 28%, 38% and 34% of the categories are, as in LVIS v1, if the images can hold that many.
/// Where they cannot, common and frequent ones become rare in the same proportion, down to one of
/// each; then the rare ones become rarer.
package struct LongTail: Sendable {
  /// Of each category, the number of images that have it, at least 1.
  package let imageCounts: [Int]
  /// Of each category, the order of the images in which the first `imageCounts` have it.
  private let orders: [KeyedPermutation]

  /// LVIS v1's shares of frequent and common categories.
  private static let frequentShare = 405.0 / 1203
  private static let commonShare = 461.0 / 1203

  /// - Parameters:
  ///   - categories: at least 3.
  ///   - images: at least 11; with at most 100 no category is frequent.
  ///   - perImage: categories in an image on average, at most, unless each is to be in one image at
  ///     least and there are too many for that.
  package init(categories: Int, images: Int, perImage: Int, seed: UInt64) {
    precondition(categories >= 3 && images >= 11 && perImage >= 1)
    let ranked = Self.counts(categories: categories, images: images, budget: images * perImage)
    var random = SeededGenerator(seed: seed, stream: 0x7A11)
    let ranks = KeyedPermutation(key: random.next(), count: categories)
    imageCounts = (0..<categories).map { ranked[ranks[$0]] }
    orders = (0..<categories).map { _ in KeyedPermutation(key: random.next(), count: images) }
  }

  /// The categories in an image, ascending. O(categories).
  package func categories(inImage image: Int) -> [Int] {
    imageCounts.indices.filter { orders[$0][image] < imageCounts[$0] }
  }

  /// Numbers of images, falling.
  private static func counts(categories: Int, images: Int, budget: Int) -> [Int] {
    // At least one of each group.
    func groups(share: Double) -> (frequent: Int, common: Int, rare: Int) {
      let frequent =
        images > 100 ? max(1, Int((Double(categories) * frequentShare * share).rounded())) : 0
      let common = max(1, Int((Double(categories) * commonShare * share).rounded()))
      return (frequent, common, categories - frequent - common)
    }
    func counts(share: Double, most: Int, mostRare: Int = 10) -> [Int] {
      let (frequent, common, rare) = groups(share: share)
      return falling(from: most, to: 101, count: frequent)
        + falling(from: min(100, max(11, images / 2)), to: 11, count: common)
        + falling(from: mostRare, to: 1, count: rare)
    }
    func fits(share: Double, most: Int, mostRare: Int = 10) -> Bool {
      counts(share: share, most: most, mostRare: mostRare).reduce(0, +) <= budget
    }
    var share = 1.0
    while share > 0, !fits(share: share, most: 101) { share -= 0.01 }
    if share <= 0 {
      var mostRare = 10
      while mostRare > 1, !fits(share: 0, most: 101, mostRare: mostRare) { mostRare -= 1 }
      return counts(share: 0, most: 101, mostRare: mostRare)
    }
    // The most frequent category is in half of the images, or in as many as the budget allows.
    var (most, tooMany) = (101, max(101, images / 2) + 1)
    while tooMany - most > 1 {
      let middle = (most + tooMany) / 2
      if fits(share: share, most: middle) { most = middle } else { tooMany = middle }
    }
    return counts(share: share, most: most)
  }

  /// Numbers that fall by the same factor from one to the next.
  private static func falling(from high: Int, to low: Int, count: Int) -> [Int] {
    (0..<count).map { index in
      let share = (Double(index) + 0.5) / Double(count)
      return Int((Double(high) * pow(Double(low) / Double(high), share)).roundedBits.rounded())
    }
  }
}

/// Which categories validation images have: all equally often, so that rare ones have enough truth.
package struct EvenDraw: Sendable {
  private let categories, perImage: Int
  private let seed: UInt64

  package init(categories: Int, perImage: Int, seed: UInt64) {
    (self.categories, self.perImage, self.seed) = (categories, perImage, seed)
  }

  /// The categories in an image, ascending; `perImage` of them, or fewer where a round of all
  /// categories ends in it and one is drawn twice.
  package func categories(inImage image: Int) -> [Int] {
    var chosen = Set<Int>()
    for place in image * perImage..<(image + 1) * perImage {
      var random = SeededGenerator(
        seed: seed, stream: 0xE7E7_0000_0000 + UInt64(place / categories))
      let round = KeyedPermutation(key: random.next(), count: categories)
      chosen.insert(round[place % categories])
    }
    return chosen.sorted()
  }
}
