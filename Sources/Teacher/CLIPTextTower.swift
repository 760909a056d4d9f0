public import Networks
public import Support
public import Tensors

/// CLIP's text tower with its tokenizer.
public struct CLIPTextTower: TextTower {
  /// The words' pieces.
  public let tokenizer: BytePairTokenizer
  /// The encoder.
  public let transformer: TextTransformer

  /// - Throws: `InputError` for a tokenizer that does not belong to the encoder.
  public init(
    tokenizer: BytePairTokenizer, transformer: TextTransformer
  ) throws(InputError) {
    let configuration = transformer.configuration
    func mismatch(_ expected: String, _ got: String) -> InputError {
      InputError(
        .badData, "the tokenizer does not belong to the text tower", expected: expected, got: got)
    }
    guard tokenizer.count <= configuration.vocabulary else {
      throw mismatch("at most \(configuration.vocabulary) tokens", "\(tokenizer.count)")
    }
    let end = configuration.endOfText ?? tokenizer.end
    guard end == tokenizer.end else {
      throw mismatch("a text's end to be token \(end)", "\(tokenizer.end)")
    }
    (self.tokenizer, self.transformer) = (tokenizer, transformer)
  }

  /// D
  public var width: Int { transformer.configuration.projection }

  /// The most tokens of a text, its start and end included.
  public var limit: Int { transformer.configuration.positions }

  /// Start, the pieces, end.
  public func tokens(of text: String) -> [Int] { tokenizer.encode(text) }

  /// The projected ends of texts: [N, D].
  public func embed(tokens texts: [[Int]]) -> Tensor { transformer(texts).value }
}
