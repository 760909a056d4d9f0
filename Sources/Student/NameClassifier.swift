internal import CKernels
import Tensors

/// Tells R regions apart by names: their embeddings by a text head, an image head or both.
struct NameClassifier: Sendable {
  /// What one head says of the regions, and how names are compared with it.
  struct Head: Sendable {
    /// [R, D] unit rows
    let rows: Tensor
    /// [1, D], a unit row: what regions are that are none of the categories; nil of a head that knows
    /// no background.
    var background: Tensor?
    let temperature: Float

    func softmax(over names: Tensor, withBackground: Bool) -> TiledSoftmax {
      TiledSoftmax(
        rows, columns: names, others: withBackground ? background : nil, factor: 1 / temperature)
    }

    func rows(at regions: [Int]) -> Head {
      Head(
        rows: gatherRows(Variable(rows), regions).value, background: background,
        temperature: temperature)
    }

    /// Of a region's embedding with one of `names`.
    func cosine(of region: Int, with name: Int, of names: Tensor) -> Float {
      let width = names.shape[1]
      let product = rows.withElements { rows in
        names.withElements { names in
          vild_dot_wide(
            rows.baseAddress! + region * width, names.baseAddress! + name * width, width)
        }
      }
      // Unit rows are rounded.
      return min(max(Float(product), -1), 1)
    }
  }

  let text: Head?
  let image: Head?

  /// One head at least.
  init(text: Head? = nil, image: Head? = nil) {
    precondition(text != nil || image != nil, "a head at least")
    (self.text, self.image) = (text, image)
  }

  /// R
  var regions: Int { (text ?? image)!.rows.shape[0] }

  /// - Parameters:
  ///   - names: [C, D] unit rows, text embeddings.
  ///   - textShares: [C], how much the text head decides where there are both.
  ///   - withBackground: whether a region may be none of the names.
  func softmax(
    over names: Tensor, textShares: [Float], withBackground: Bool = true
  ) -> NameSoftmax {
    NameSoftmax(
      text: text?.softmax(over: names, withBackground: withBackground),
      image: image?.softmax(over: names, withBackground: withBackground), textShares: textShares)
  }

  /// The same regions, again and in another order.
  func rows(at regions: [Int]) -> NameClassifier {
    NameClassifier(text: text?.rows(at: regions), image: image?.rows(at: regions))
  }
}

/// A softmax over names by one head, or by both: text^λ image^(1 - λ), where λ is each name's share.
struct NameSoftmax: Sendable {
  private let text, image: TiledSoftmax?
  private let textShares, imageShares: [Float]

  fileprivate init(text: TiledSoftmax?, image: TiledSoftmax?, textShares: [Float]) {
    if let text, image != nil {
      precondition(textShares.count == text.columns, "\(textShares.count) shares of a category")
      precondition(textShares.allSatisfy { 0...1 ~= $0 }, "a share outside 0...1")
    }
    (self.text, self.image, self.textShares) = (text, image, textShares)
    imageShares = textShares.map { 1 - $0 }
  }

  /// The logarithms [R, T] of the probabilities of T neighbouring names.
  func logarithms(_ names: Range<Int>) -> Tensor {
    func weighted(_ softmax: TiledSoftmax, _ shares: [Float]) -> Tensor {
      scaleChannels(
        Variable(softmax.logarithms(names)), by: Tensor([names.count], Array(shares[names]))
      ).value
    }
    switch (text, image) {
    case (let text?, let image?): return weighted(text, textShares) + weighted(image, imageShares)
    case (let one?, nil), (nil, let one?): return one.logarithms(names)
    case (nil, nil): preconditionFailure("a head at least")
    }
  }

  /// The probabilities [R, T] of T neighbouring names.
  func callAsFunction(_ names: Range<Int>) -> Tensor { exponential(logarithms(names)) }
}
