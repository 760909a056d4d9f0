public import Networks
public import Support
public import Tensors

/// ALIGN's text tower with its tokenizer.
public struct ALIGNTextTower: TextTower {
  /// The words' pieces.
  public let tokenizer: WordPiece
  /// The encoder.
  public let bert: BERT
  /// Of the first token, to D.
  public let projection: Linear
  /// The most tokens of a text, [CLS] and [SEP] included.
  ///
  /// ALIGN was trained on 64, its published processor pads to 64, and the positions after those are
  /// BERT's own, which ALIGN has never seen: no longer text is taken, even where the encoder has
  /// positions for it. Padding is masked, and positions count from the start, so that a text by
  /// itself has the embedding it has in a padded batch.
  public let limit: Int

  /// Takes the text half of `model`.
  ///
  /// - Parameter longest: the tokenizer's own limit, where it has one.
  /// - Throws: `InputError` for a tokenizer that does not belong to the model.
  public init(
    tokenizer: WordPiece, model: ALIGN, longest: Double? = nil
  ) throws(InputError) {
    (self.tokenizer, bert, projection) = (tokenizer, model.text, model.projection)
    guard tokenizer.count <= bert.configuration.vocabulary else {
      throw InputError(
        .badData, "the tokenizer does not belong to the text tower",
        expected: "at most \(bert.configuration.vocabulary) tokens", got: "\(tokenizer.count)")
    }
    limit = min(bert.configuration.positions, Int(min(64, max(0, longest ?? 64))))
  }

  /// D
  public var width: Int { projection.weight.value.shape[1] }

  /// [CLS], the pieces, [SEP].
  public func tokens(of text: String) -> [Int] { tokenizer.encode(text) }

  /// The projected first token: [N, D].
  public func embed(tokens texts: [[Int]]) -> Tensor {
    ALIGN.embed(tokens: texts, with: bert, projection)
  }
}
