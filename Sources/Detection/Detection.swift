public import Regions

/// An object found in an image.
public struct Detection: Hashable, Sendable {
  /// In pixels of the image as it was decoded: upright or in its stored orientation is the choice of
  /// whoever decoded it.
  public var box: Box
  /// Position of the category in the vocabulary, from 0; background is no category.
  public var category: Int
  /// In 0...1: the category's probability, times the attribute's where it has one.
  public var score: Float
  /// Of the image's size; nil from a detector without masks.
  public var mask: Mask?
  /// The most probable one; nil where none were asked for.
  public var attribute: Attribute?
  /// p(parent | region), of a category below a parent.
  public var parentProbability: Float?
  /// How alike the region and the category's name are.
  public var cosine: Cosine

  /// - Parameter category: position in the vocabulary, from 0.
  public init(
    box: Box, category: Int, score: Float, mask: Mask? = nil, attribute: Attribute? = nil,
    parentProbability: Float? = nil, cosine: Cosine = Cosine()
  ) {
    self.box = box
    self.category = category
    self.score = score
    self.mask = mask
    self.attribute = attribute
    self.parentProbability = parentProbability
    self.cosine = cosine
  }

  /// What is said of an object beside its category. The score is then
  /// p(category | region) p(attribute | region), as where Gu et al. expand a vocabulary systematically.
  public struct Attribute: Hashable, Sendable {
    /// Position among the attributes asked for, from 0.
    public var index: Int
    /// p(attribute | region) in 0...1.
    public var probability: Float
    /// p(category | region) in 0...1, by which the box was chosen.
    public var categoryProbability: Float

    /// - Parameter index: position among the attributes asked for, from 0.
    public init(index: Int, probability: Float, categoryProbability: Float) {
      self.index = index
      self.probability = probability
      self.categoryProbability = categoryProbability
    }
  }

  /// Cosines in -1...1 of a region's embeddings with that of the category's name. A probability depends
  /// on the other names of the vocabulary, a cosine does not.
  public struct Cosine: Hashable, Sendable {
    /// Of the text head's embedding; nil without one.
    public var text: Float?
    /// Of the image head's, or the teacher's of the region's crop; nil without either.
    public var image: Float?

    public init(text: Float? = nil, image: Float? = nil) {
      (self.text, self.image) = (text, image)
    }
  }
}
