import Emoji
import Testing

@Suite struct LongTailTests {
  /// Counting image by image gives exactly the planned numbers, and LVIS's three groups exist.
  @Test(arguments: [
    (100, 797), (101, 797), (150, 10), (200, 100), (1000, 100), (1000, 797), (5000, 797), (5000, 3),
  ])
  func countsAreExact(images: Int, categories: Int) {
    let tail = LongTail(categories: categories, images: images, perImage: 6, seed: 3)
    var counted = [Int](repeating: 0, count: categories)
    for image in 0..<images {
      for category in tail.categories(inImage: image) { counted[category] += 1 }
    }
    #expect(counted == tail.imageCounts)
    #expect(counted.allSatisfy { 1...images ~= $0 })
    // So few images for all categories that each is in one, and one of a group in more.
    let isCrowded = categories > 5 * images
    #expect(counted.reduce(0, +) <= (isCrowded ? 10 : 6) * images)
    #expect(counted.contains { $0 <= 10 })
    #expect(counted.contains { 11...100 ~= $0 })
    #expect(counted.contains { $0 > 100 } == (images > 100))
  }

  /// LVIS v1 has 337, 461 and 405 of 1,203 categories in its groups.
  @Test func sharesAreThoseOfLVIS() {
    for images in [1000, 20_000, 1_000_000] {
      let tail = LongTail(categories: 100, images: images, perImage: 6, seed: 1)
      #expect(tail.imageCounts.count { $0 <= 10 } == 28)
      #expect(tail.imageCounts.count { 11...100 ~= $0 } == 38)
      #expect(tail.imageCounts.count { $0 > 100 } == 34)
      // The budget is used up, as far as no category is in more than half of the images.
      let sum = tail.imageCounts.reduce(0, +)
      #expect(sum > 5 * images || tail.imageCounts.contains { $0 > images * 2 / 5 }, "\(sum)")
    }
  }

  @Test func anotherSeedAnotherTail() {
    let tails = (0..<2).map { LongTail(categories: 50, images: 500, perImage: 6, seed: $0) }
    #expect(tails[0].imageCounts != tails[1].imageCounts)
    #expect(tails[0].imageCounts.sorted() == tails[1].imageCounts.sorted())
    let contents = tails.map { tail in (0..<500).map { tail.categories(inImage: $0) } }
    #expect(contents[0] != contents[1])
  }

  @Test func validationIsEven() {
    let draw = EvenDraw(categories: 50, perImage: 6, seed: 1)
    var counted = [Int](repeating: 0, count: 50)
    for image in 0..<100 {
      let categories = draw.categories(inImage: image)
      #expect(categories == Array(Set(categories)).sorted() && 3...6 ~= categories.count)
      for category in categories { counted[category] += 1 }
    }
    // 600 places for 50 categories are 12 each, less those drawn twice in one image.
    #expect(counted.allSatisfy { 10...12 ~= $0 }, "\(counted)")
  }
}
