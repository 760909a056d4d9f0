public import Support
public import Tensors

/// The text half of SigLIP: tokens through pre-norm blocks, every token looking at all places,
/// padding among them; the last place, projected, is the embedding.
///
/// Shape letters: N texts, T places, H width, D embedding width.
public struct SigLIPTextTransformer: Sendable {
  /// The sizes; T is `positions`.
  public let configuration: TextTransformer.Configuration
  /// [vocabulary, H] and [T, H].
  package let words, positions: Parameter
  package let transformer: Transformer
  /// After the last block.
  package let outputNorm: LayerNorm
  /// H to D.
  package let head: Linear

  /// Reads a checkpoint with Hugging Face's names.
  ///
  /// - Throws: `InputError` naming the tensor that is missing or has another shape.
  public static func load(
    _ configuration: TextTransformer.Configuration, from source: some TensorSource
  ) throws(InputError) -> SigLIPTextTransformer {
    let (width, epsilon) = (configuration.transformer.width, configuration.transformer.epsilon)
    func table(_ part: String, _ rows: Int) throws(InputError) -> Parameter {
      let name = "text_model.embeddings.\(part)_embedding.weight"
      return Parameter(name, try source.tensor(name, shape: [rows, width]), decays: false)
    }
    return SigLIPTextTransformer(
      configuration: configuration, words: try table("token", configuration.vocabulary),
      positions: try table("position", configuration.positions),
      transformer: try .load(configuration.transformer, "text_model.encoder", from: source),
      outputNorm: try .load(
        "text_model.final_layer_norm", width: width, epsilon: epsilon, from: source),
      head: try .load(
        "text_model.head", input: width, output: configuration.projection, from: source))
  }

  /// The projected last places.
  ///
  /// - Parameter texts: N lists of exactly T token ids below the vocabulary's size, filled up with
  ///   padding.
  /// - Returns: [N, D], not normalised
  public func callAsFunction(_ texts: [[Int]]) -> Variable {
    let (places, width) = (configuration.positions, configuration.transformer.width)
    precondition(
      texts.allSatisfy { $0.count == places }, "texts of \(texts.map(\.count)) tokens for \(places)"
    )
    let sum = add(
      embedding(texts.flatMap { $0 }, words(on: nil)),
      embedding(texts.flatMap { _ in 0..<places }, positions(on: nil)))
    let last = transformer(
      reshape(sum, [texts.count, places, width]),
      at: Array(repeating: places - 1, count: texts.count), .everything)
    return head(outputNorm(last))
  }
}
