public import Regions

/// An object found in an image.
public struct Detection: Hashable, Sendable {
  /// In pixels of the image as it was decoded: upright or in its stored orientation is the choice of
  /// whoever decoded it.
  public var box: Box
  /// Position of the category in the vocabulary, from 0; background is no category.
  public var category: Int
  /// The category's probability in 0...1.
  public var score: Float

  /// - Parameter category: position in the vocabulary, from 0.
  public init(box: Box, category: Int, score: Float) {
    self.box = box
    self.category = category
    self.score = score
  }
}
