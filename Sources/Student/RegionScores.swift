public import Tensors

/// The scores of R regions for C categories, worked out a tile of categories at a time: twenty
/// thousand categories need no more memory than a thousand.
///
/// A category below a parent has p(parent | region) p(category | parent, region): the second softmax is
/// over the categories of the parent. What else is asked of a region, `details` says of the few that
/// were chosen.
public struct RegionScores: Sendable {
  /// R
  public let regions: Int
  /// C
  public let categories: Int
  /// The scores [R, T] of T neighbours of what the first softmax is over.
  private let first: @Sendable (Range<Int>) -> Tensor
  /// nil for a plain list.
  private let second: SecondSoftmax?
  /// nil of a closed vocabulary.
  private let classifier: NameClassifier?
  private let asked: AskedCategories?

  /// Of a closed vocabulary.
  ///
  /// - Parameter compute: the scores [R, T] of T neighbouring categories.
  init(regions: Int, categories: Int, compute: @escaping @Sendable (Range<Int>) -> Tensor) {
    (self.regions, self.categories, first) = (regions, categories, compute)
    (second, classifier, asked) = (nil, nil, nil)
  }

  /// Probabilities by names.
  ///
  /// - Parameter objectness: [R] in 0...1: what the first softmax says becomes the geometric mean with
  ///   it. As background, it has no part in the second.
  init(
    _ classifier: NameClassifier, for asked: AskedCategories, objectness: [Float]? = nil
  ) {
    (regions, categories) = (classifier.regions, asked.count)
    (self.classifier, self.asked) = (classifier, asked)
    second = SecondSoftmax(classifier, for: asked)
    let softmax = classifier.softmax(
      over: second?.coarse.embeddings ?? asked.embeddings,
      textShares: second?.coarse.textShares ?? asked.textShares)
    first = { names in
      var scores = softmax(names)
      if let objectness { scores.takeGeometricMean(withRows: objectness) }
      return scores
    }
  }

  /// The scores [R, T] of T neighbouring categories, in 0...1.
  public func callAsFunction(_ categories: Range<Int>) -> Tensor {
    second?.scores(categories, after: first) ?? first(categories)
  }

  /// The categories in tiles, in order.
  public var tiles: [Range<Int>] { TiledSoftmax.tiles(categories) }

  /// All of them, [R, C].
  public var table: Tensor { self(0..<categories) }

  /// What there is to be said beside its score of a region that was taken for a category.
  public struct Details: Hashable, Sendable {
    /// p(parent | region), of a category below a parent.
    public var parent: Float?
    /// The most probable attribute, of equal ones the first, where any are asked for.
    public var attribute: Attribute?
    /// The cosine of the text head's embedding of the region with the category's.
    public var textCosine: Float?
    /// The same of the image head, or of the teacher's embedding of the region's crop.
    public var imageCosine: Float?
  }

  /// An attribute and its probability.
  public struct Attribute: Hashable, Sendable {
    /// Position among the attributes asked for.
    public var index: Int
    /// p(attribute | region) in 0...1: the softmax over the attributes alone.
    public var probability: Float
  }

  /// - Parameter chosen: N regions, each with the category that it was taken for.
  /// - Returns: [N]
  public func details(of chosen: [(region: Int, category: Int)]) -> [Details] {
    guard let classifier, let asked, !chosen.isEmpty else { return chosen.map { _ in Details() } }
    let parents = second?.parents(of: chosen, after: first)
    let attributes = asked.attributes.map {
      $0.best(of: classifier.rows(at: chosen.map(\.region)))
    }
    return chosen.enumerated().map { index, pair in
      func cosine(_ head: NameClassifier.Head?) -> Float? {
        head?.cosine(of: pair.region, with: pair.category, of: asked.embeddings)
      }
      return Details(
        parent: parents?[index], attribute: attributes?[index],
        textCosine: cosine(classifier.text), imageCosine: cosine(classifier.image))
    }
  }
}

extension AskedCategories.Attributes {
  /// The most probable attribute of each region. Attributes belong to no split, so that both heads of an
  /// ensemble decide alike, and there is no background among them.
  fileprivate func best(of classifier: NameClassifier) -> [RegionScores.Attribute] {
    let softmax = classifier.softmax(
      over: embeddings, textShares: names.map { _ in TextShare.unknown }, withBackground: false)
    var best = Array(
      repeating: RegionScores.Attribute(index: 0, probability: 0), count: classifier.regions)
    for tile in TiledSoftmax.tiles(names.count) {
      softmax(tile).withElements { p in
        for region in best.indices {
          for (column, attribute) in tile.enumerated() {
            let probability = p[region * tile.count + column]
            guard probability > best[region].probability else { continue }
            best[region] = .init(index: attribute, probability: probability)
          }
        }
      }
    }
    return best
  }
}

extension Tensor {
  /// Each element becomes the square root of its product with its row's factor.
  fileprivate mutating func takeGeometricMean(withRows factors: [Float]) {
    let width = shape[1]
    withMutableElements { p in
      for (row, factor) in factors.enumerated() {
        for i in row * width..<(row + 1) * width { p[i] = (p[i] * factor).squareRoot() }
      }
    }
  }
}
