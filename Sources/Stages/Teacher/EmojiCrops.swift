import Emoji
public import Images
public import Pretraining
public import Support

/// Crops of the emoji benchmark's categories, for training its teacher.
public struct EmojiCrops: CropSource {
  public let categories: [CropCategory]
  public let fingerprint: String
  private let renderer: CropRenderer
  private let side: Int

  /// - Parameter side: width and height of the crops in pixels.
  /// - Throws: `InputError` naming the file of the catalogue that is missing or of another version.
  public init(side: Int) throws(InputError) {
    let catalogue = try EmojiCatalogue()
    categories = catalogue.categories.map {
      CropCategory(name: $0.name, synonyms: $0.synonyms, keywords: $0.keywords)
    }
    fingerprint = "\(categories.count) emoji, version \(CropRenderer.version)"
    renderer = CropRenderer(catalogue)
    self.side = side
  }

  public func crop(of category: Int, seed: UInt64, variety: Double) throws -> Image {
    renderer.crop(of: category, seed: seed, side: side, variety: variety)
  }
}
