public import Networks
public import Support
public import Tensors

/// SigLIP's text tower with its tokenizer.
public struct SigLIPTextTower: TextTower {
  /// The words' pieces.
  public let tokenizer: any SigLIPTokenizing
  /// The encoder.
  public let transformer: SigLIPTextTransformer

  /// - Throws: `InputError` for a tokenizer that does not belong to the encoder.
  public init(
    tokenizer: any SigLIPTokenizing, transformer: SigLIPTextTransformer
  ) throws(InputError) {
    let most = transformer.configuration.vocabulary
    guard tokenizer.count <= most else {
      throw InputError(
        .badData, "the tokenizer does not belong to the text tower",
        expected: "at most \(most) tokens", got: "\(tokenizer.count)")
    }
    (self.tokenizer, self.transformer) = (tokenizer, transformer)
  }

  /// D
  public var width: Int { transformer.configuration.projection }

  /// The most tokens of a text, its end included.
  public var limit: Int { transformer.configuration.positions }

  /// The pieces, end.
  public func tokens(of text: String) -> [Int] { tokenizer.encode(text) }

  /// The projected last places of texts, each filled up with padding to `limit`: [N, D].
  public func embed(tokens texts: [[Int]]) -> Tensor {
    transformer(
      texts.map { $0 + Array(repeating: tokenizer.padding, count: limit - $0.count) }
    ).value
  }
}
