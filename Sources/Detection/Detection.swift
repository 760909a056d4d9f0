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
  /// Of the image's size; nil from a detector without masks.
  public var mask: Mask?

  /// - Parameter category: position in the vocabulary, from 0.
  public init(box: Box, category: Int, score: Float, mask: Mask? = nil) {
    self.box = box
    self.category = category
    self.score = score
    self.mask = mask
  }
}
