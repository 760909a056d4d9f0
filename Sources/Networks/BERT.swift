public import Support
public import Tensors

/// The encoder of BERT (Devlin et al., 2019): token ids to one vector a token.
///
/// Shape letters: B sequences, T tokens, H width.
public struct BERT: Sendable {
  /// Attention, then a feed-forward pair; a norm after each sum.
  struct Layer: Sendable {
    let query, key, value, output: Linear
    let attentionNorm: LayerNorm
    let widen, narrow: Linear
    let outputNorm: LayerNorm
    let heads: Int

    func callAsFunction(_ x: Variable, lengths: [Int]) -> Variable {
      let context = attention(query(x), key(x), value(x), heads: heads, lengths: lengths)
      let y = attentionNorm(add(output(context), x))
      return outputNorm(add(narrow(widen(y)), y))
    }

    var parameters: [Parameter] {
      [query, key, value, output, widen, narrow].flatMap(\.parameters)
        + attentionNorm.parameters + outputNorm.parameters
    }
  }

  /// The sizes.
  public let configuration: BERTConfiguration
  /// [vocabulary, H], [positions, H] and [segments, H].
  let words, positions, segments: Parameter
  let inputNorm: LayerNorm
  let layers: [Layer]

  /// Reads a checkpoint with Hugging Face's names; a pooler is passed over.
  ///
  /// - Throws: `InputError` naming the tensor that is missing or has another shape.
  public static func load(
    _ configuration: BERTConfiguration, from file: some TensorSource
  ) throws(InputError) -> BERT {
    let (width, intermediate) = (configuration.width, configuration.intermediate)
    func table(_ part: String, _ rows: Int) throws(InputError) -> Parameter {
      let name = "embeddings.\(part)_embeddings.weight"
      return Parameter(name, try file.tensor(name, shape: [rows, width]))
    }
    func norm(_ name: String) throws(InputError) -> LayerNorm {
      try .load(name, width: width, epsilon: configuration.epsilon, from: file)
    }
    var layers: [Layer] = []
    for number in 0..<configuration.layers {
      let name = "encoder.layer.\(number)"
      func linear(
        _ part: String, _ input: Int, _ output: Int, _ activation: Activation = .identity
      ) throws(InputError) -> Linear {
        try .load(
          "\(name).\(part)", input: input, output: output, activation: activation, from: file)
      }
      layers.append(
        Layer(
          query: try linear("attention.self.query", width, width),
          key: try linear("attention.self.key", width, width),
          value: try linear("attention.self.value", width, width),
          output: try linear("attention.output.dense", width, width),
          attentionNorm: try norm("\(name).attention.output.LayerNorm"),
          widen: try linear("intermediate.dense", width, intermediate, .gelu),
          narrow: try linear("output.dense", intermediate, width),
          outputNorm: try norm("\(name).output.LayerNorm"), heads: configuration.heads))
    }
    return BERT(
      configuration: configuration, words: try table("word", configuration.vocabulary),
      positions: try table("position", configuration.positions),
      segments: try table("token_type", configuration.segments),
      inputNorm: try norm("embeddings.LayerNorm"), layers: layers)
  }

  /// The last hidden states.
  ///
  /// - Parameters:
  ///   - sequences: B lists of token ids below the vocabulary's size, each of 1 to `positions`.
  ///   - tape: records for training; nil for inference.
  /// - Returns: [B, T, H], T the longest sequence. Rows after the end of a shorter sequence mean
  ///   nothing, and influence no other.
  public func callAsFunction(_ sequences: [[Int]], on tape: Tape? = nil) -> Variable {
    let lengths = sequences.map(\.count)
    let longest = lengths.max() ?? 0
    precondition(
      (lengths.min() ?? 1) > 0 && longest <= configuration.positions,
      "sequences of \(lengths) tokens, positions for \(configuration.positions)")
    let ids = sequences.flatMap { $0 + Array(repeating: 0, count: longest - $0.count) }
    let places = sequences.flatMap { _ in 0..<longest }
    let sum = add(
      add(
        embedding(ids, words(on: tape)),
        embedding(Array(repeating: 0, count: ids.count), segments(on: tape))),
      embedding(places, positions(on: tape)))
    let x = reshape(inputNorm(sum), [sequences.count, longest, configuration.width])
    return layers.reduce(x) { $1($0, lengths: lengths) }
  }

  /// All parameters, under the checkpoint's names and in our layouts.
  public var parameters: [Parameter] {
    [words, positions, segments] + inputNorm.parameters + layers.flatMap(\.parameters)
  }
}
