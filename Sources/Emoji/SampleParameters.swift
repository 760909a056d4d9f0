import Support

/// What a data set of scenes is made from; the same parameters give the same bytes.
public struct SampleParameters: Sendable, Equatable, Codable {
  /// Training images, 100 to 1,000,000.
  public var images: Int
  /// Validation images, 1 to 1,000,000.
  public var validationImages: Int
  /// How many categories of the catalogue, at least 10; nil for all.
  public var categories: Int?
  /// The images' longer side in pixels, 160 to 1,280.
  public var size: Int
  /// Each gives other scenes, and another choice of categories.
  public var seed: UInt64
  /// Of the drawing: raised when the same parameters come to give other bytes.
  private var version = 2

  public static let allowedImages = 100...1_000_000
  public static let allowedValidationImages = 1...1_000_000
  public static let fewestCategories = 10
  public static let allowedSizes = 160...1280

  /// - Parameters: as the properties, within their limits.
  public init(
    images: Int, validationImages: Int, categories: Int? = nil, size: Int = 320, seed: UInt64 = 0
  ) {
    precondition(
      Self.allowedImages ~= images && Self.allowedValidationImages ~= validationImages
        && Self.allowedSizes ~= size && categories ?? .max >= Self.fewestCategories)
    self.images = images
    self.validationImages = validationImages
    self.categories = categories
    self.size = size
    self.seed = seed
  }
}

extension EmojiCatalogue {
  /// Places of `count` categories, ascending: of each group as many as its share, chosen by `seed`.
  ///
  /// - Parameter count: at most all.
  func choice(of count: Int, seed: UInt64) -> [Int] {
    precondition((1...categories.count).contains(count))
    let groups = Dictionary(grouping: categories.indices) { categories[$0].group }
      .sorted { $0.value[0] < $1.value[0] }.map(\.value)
    var chosen = [Int]()
    var seen = 0
    for (number, group) in groups.enumerated() {
      // Shares of what is left, so that they add up to `count`.
      let share =
        ((count - chosen.count) * group.count * 2 + categories.count - seen)
        / ((categories.count - seen) * 2)
      var random = SeededGenerator(seed: seed, stream: 0x6409 + UInt64(number))
      let order = KeyedPermutation(key: random.next(), count: group.count)
      chosen += (0..<share).map { group[order[$0]] }
      seen += group.count
    }
    return chosen.sorted()
  }
}
