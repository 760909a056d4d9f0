import Support

/// Which scenes a data set has: of training and validation, image by image.
struct SamplePlan: Sendable {
  /// A half of a data set.
  enum Half: String, Sendable, CaseIterable {
    case train, val
  }

  /// Categories in an image: on average in training at most, in validation each.
  static let perImage = 6
  /// Absent categories that an image names.
  static let negatives = 25

  let parameters: SampleParameters
  /// Places in the catalogue's categories, ascending.
  let categories: [Int]
  let tail: LongTail
  private let even: EvenDraw

  init(_ parameters: SampleParameters, catalogue: EmojiCatalogue) {
    self.parameters = parameters
    let count = parameters.categories ?? catalogue.categories.count
    categories = catalogue.choice(of: count, seed: parameters.seed)
    tail = LongTail(
      categories: count, images: parameters.images, perImage: Self.perImage, seed: parameters.seed)
    even = EvenDraw(categories: count, perImage: Self.perImage, seed: parameters.seed)
  }

  func count(_ half: Half) -> Int {
    half == .train ? parameters.images : parameters.validationImages
  }

  /// The categories of an image, as places in `categories`.
  func contents(of image: Int, _ half: Half) -> [Int] {
    half == .train ? tail.categories(inImage: image) : even.categories(inImage: image)
  }

  /// The stream of random numbers of an image.
  func stream(of image: Int, _ half: Half) -> UInt64 {
    (half == .train ? 0x5C_0000_0000 : 0x5D_0000_0000) + UInt64(image)
  }

  /// Places in `categories` of some that are not in the image, ascending.
  func absent(from image: Int, _ half: Half, contents: [Int]) -> [Int] {
    var random = SeededGenerator(
      seed: parameters.seed, stream: stream(of: image, half) + 0xAB_0000_0000)
    let order = KeyedPermutation(key: random.next(), count: categories.count)
    let present = Set(contents)
    return (0..<categories.count).lazy.map { order[$0] }.filter { !present.contains($0) }
      .prefix(Self.negatives).sorted()
  }
}
