public import Networks
public import Support
public import Tensors

/// A sentence encoder such as MiniLM (Wang et al., 2020): BERT's last hidden states, averaged.
public struct SentenceEncoder: TextTower {
  /// The words' pieces.
  public let tokenizer: WordPiece
  /// The encoder.
  public let bert: BERT

  /// - Throws: `InputError` for a vocabulary with more tokens than the encoder has vectors.
  public init(tokenizer: WordPiece, bert: BERT) throws(InputError) {
    guard tokenizer.count <= bert.configuration.vocabulary else {
      throw InputError(
        .badData, "the vocabulary does not belong to the text tower",
        expected: "\(bert.configuration.vocabulary) tokens", got: "\(tokenizer.count)")
    }
    self.tokenizer = tokenizer
    self.bert = bert
  }

  /// D
  public var width: Int { bert.configuration.width }

  /// The most tokens of a text, [CLS] and [SEP] included.
  public var limit: Int { bert.configuration.positions }

  /// [CLS], the pieces, [SEP].
  public func tokens(of text: String) -> [Int] { tokenizer.encode(text) }

  /// The mean of the last hidden states of all tokens: [N, D].
  ///
  /// - Parameter texts: N token lists of one length.
  public func embed(tokens texts: [[Int]]) -> Tensor {
    let hidden = bert(texts)
    return globalAveragePool(reshape(hidden, [texts.count, 1, -1, width])).value
  }
}
