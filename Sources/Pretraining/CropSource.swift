public import Images

/// What crops show, and the words for it.
public struct CropCategory: Codable, Hashable, Sendable {
  /// What it is mostly called.
  public var name: String
  /// Other names for the same.
  public var synonyms: [String]
  /// Words that describe it, perhaps others too.
  public var keywords: [String]

  public init(name: String, synonyms: [String] = [], keywords: [String] = []) {
    self.name = name
    self.synonyms = synonyms
    self.keywords = keywords
  }
}

/// Where pictures for contrastive training come from; they are made when they are asked for, so
/// that there is no end of them.
public protocol CropSource: Sendable {
  /// At least one.
  var categories: [CropCategory] { get }
  /// Changes when the crops of a seed change; for checkpoints.
  var fingerprint: String { get }

  /// A crop that shows a category: the same for the same arguments. Called from several threads.
  ///
  /// - Parameter variety: 0 for plain crops, 1 for the whole range of colours and sharpness.
  func crop(of category: Int, seed: UInt64, variety: Double) throws -> Image
}
