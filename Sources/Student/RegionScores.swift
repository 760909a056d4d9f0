public import Tensors

/// The scores of R regions for C categories, worked out a tile of categories at a time: twenty
/// thousand categories need no more memory than a thousand.
public struct RegionScores: Sendable {
  /// R
  public let regions: Int
  /// C
  public let categories: Int
  private let compute: @Sendable (Range<Int>) -> Tensor

  /// - Parameter compute: the scores [R, T] of T neighbouring categories.
  init(regions: Int, categories: Int, compute: @escaping @Sendable (Range<Int>) -> Tensor) {
    (self.regions, self.categories, self.compute) = (regions, categories, compute)
  }

  /// The probabilities of one head.
  init(_ softmax: TiledSoftmax) {
    self.init(regions: softmax.rows, categories: softmax.columns) {
      exponential(softmax.logarithms($0))
    }
  }

  /// text^λ image^(1 - λ), where λ is each category's `textShares`.
  init(text: TiledSoftmax, image: TiledSoftmax, textShares: [Float]) {
    precondition(textShares.count == text.columns, "\(textShares.count) shares of a category")
    precondition(textShares.allSatisfy { 0...1 ~= $0 }, "a share outside 0...1")
    let imageShares = textShares.map { 1 - $0 }
    self.init(regions: text.rows, categories: text.columns) { tile in
      func weighted(_ softmax: TiledSoftmax, _ shares: [Float]) -> Tensor {
        scaleChannels(
          Variable(softmax.logarithms(tile)), by: Tensor([tile.count], Array(shares[tile]))
        ).value
      }
      return exponential(weighted(text, textShares) + weighted(image, imageShares))
    }
  }

  /// The scores [R, T] of T neighbouring categories, in 0...1.
  public func callAsFunction(_ categories: Range<Int>) -> Tensor { compute(categories) }

  /// The categories in tiles, in order.
  public var tiles: [Range<Int>] { TiledSoftmax.tiles(categories) }

  /// All of them, [R, C].
  public var table: Tensor { compute(0..<categories) }
}
