public import Support
public import Tensors

/// The text half of CLIP (Radford et al., 2021): tokens through causal pre-norm blocks; the
/// end-of-text token, projected, is the embedding.
///
/// Shape letters: B texts, T tokens, H width, D embedding width.
public struct TextTransformer: Sendable {
  /// The sizes of the tower.
  public struct Configuration: Hashable, Sendable {
    /// The blocks.
    public var transformer: Transformer.Configuration
    /// Token ids lie below it.
    public var vocabulary: Int
    /// The most tokens of a text.
    public var positions: Int
    /// Marks the end of a text: the first token of this id, where the embedding is taken. nil is
    /// the first token of the highest id, as OpenAI's own code has it.
    public var endOfText: Int?
    /// D
    public var projection: Int

    /// Sizes as they are.
    public init(
      transformer: Transformer.Configuration, vocabulary: Int, positions: Int, endOfText: Int?,
      projection: Int
    ) {
      self.transformer = transformer
      self.vocabulary = vocabulary
      self.positions = positions
      self.endOfText = endOfText
      self.projection = projection
    }
  }

  /// The sizes.
  public let configuration: Configuration
  /// [vocabulary, H]
  package let words: Parameter
  /// [positions, H]
  package let positions: Parameter
  package let transformer: Transformer
  /// After the last block.
  package let outputNorm: LayerNorm
  /// [H, D], without a bias
  package let projection: Linear

  /// Reads a checkpoint with Hugging Face's names.
  ///
  /// - Throws: `InputError` naming the tensor that is missing or has another shape.
  public static func load(
    _ configuration: Configuration, from source: some TensorSource
  ) throws(InputError) -> TextTransformer {
    let (width, epsilon) = (configuration.transformer.width, configuration.transformer.epsilon)
    func table(_ part: String, _ rows: Int) throws(InputError) -> Parameter {
      let name = "text_model.embeddings.\(part)_embedding.weight"
      return Parameter(name, try source.tensor(name, shape: [rows, width]), decays: false)
    }
    return TextTransformer(
      configuration: configuration, words: try table("token", configuration.vocabulary),
      positions: try table("position", configuration.positions),
      transformer: try .load(configuration.transformer, "text_model.encoder", from: source),
      outputNorm: try .load(
        "text_model.final_layer_norm", width: width, epsilon: epsilon, from: source),
      projection: try .loadProjection(
        "text_projection", input: width, output: configuration.projection, from: source))
  }

  /// The projected end-of-text tokens.
  ///
  /// - Parameters:
  ///   - texts: B lists of token ids below the vocabulary's size, each of 1 to `positions`; what
  ///     follows an end of text changes nothing.
  ///   - tape: records for training; nil for inference.
  /// - Returns: [B, D], not normalised
  public func callAsFunction(_ texts: [[Int]], on tape: Tape? = nil) -> Variable {
    projection(outputNorm(transformer(stream(texts, on: tape), at: texts.map(endOfText), .causal)))
  }

  /// What the first block reads: tokens with their positions, [B, T, H], T the longest text.
  package func stream(_ texts: [[Int]], on tape: Tape? = nil) -> Variable {
    let lengths = texts.map(\.count)
    let longest = lengths.max() ?? 0
    precondition(
      (lengths.min() ?? 1) > 0 && longest <= configuration.positions,
      "texts of \(lengths) tokens, positions for \(configuration.positions)")
    let ids = texts.flatMap { $0 + Array(repeating: 0, count: longest - $0.count) }
    let places = texts.flatMap { _ in 0..<longest }
    let sum = add(embedding(ids, words(on: tape)), embedding(places, positions(on: tape)))
    return reshape(sum, [texts.count, longest, configuration.transformer.width])
  }

  /// The place of a text's end; the first token where there is none.
  private func endOfText(of text: [Int]) -> Int {
    text.firstIndex(of: configuration.endOfText ?? text.max() ?? 0) ?? 0
  }

  /// All parameters, under the checkpoint's names and in our layouts.
  public var parameters: [Parameter] {
    [words, positions] + transformer.parameters + outputNorm.parameters + projection.parameters
  }
}
