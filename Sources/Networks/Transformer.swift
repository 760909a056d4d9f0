import Support
public import Tensors

/// A stack of pre-norm blocks of which one token a sequence is wanted, as in both towers of CLIP.
public struct Transformer: Sendable {
  /// The sizes of the stack.
  public struct Configuration: Hashable, Sendable {
    /// H: channels of a token.
    public var width: Int
    /// Channels between the two feed-forward products.
    public var intermediate: Int
    /// Blocks.
    public var layers: Int
    /// Attention heads; they share the width evenly.
    public var heads: Int
    /// Between the two feed-forward products.
    public var activation: Activation
    /// Of the layer norms.
    public var epsilon: Float

    /// Sizes as they are.
    public init(
      width: Int, intermediate: Int, layers: Int, heads: Int, activation: Activation,
      epsilon: Float = 1e-5
    ) {
      self.width = width
      self.intermediate = intermediate
      self.layers = layers
      self.heads = heads
      self.activation = activation
      self.epsilon = epsilon
    }
  }

  package let blocks: [TransformerBlock]

  /// Reads `name.layers.0` and on, with Hugging Face's names of CLIP.
  ///
  /// - Throws: `InputError` naming the tensor that is missing or has another shape.
  static func load(
    _ configuration: Configuration, _ name: String, from source: some TensorSource
  ) throws(InputError) -> Transformer {
    let (width, intermediate) = (configuration.width, configuration.intermediate)
    var blocks: [TransformerBlock] = []
    for number in 0..<configuration.layers {
      let name = "\(name).layers.\(number)"
      func norm(_ part: String) throws(InputError) -> LayerNorm {
        try .load(
          "\(name).\(part)", width: width, epsilon: configuration.epsilon, from: source)
      }
      func linear(
        _ part: String, _ input: Int, _ output: Int, _ activation: Activation = .identity
      ) throws(InputError) -> Linear {
        try .load(
          "\(name).\(part)", input: input, output: output, activation: activation, from: source)
      }
      blocks.append(
        TransformerBlock(
          attentionNorm: try norm("layer_norm1"),
          query: try linear("self_attn.q_proj", width, width),
          key: try linear("self_attn.k_proj", width, width),
          value: try linear("self_attn.v_proj", width, width),
          output: try linear("self_attn.out_proj", width, width),
          outputNorm: try norm("layer_norm2"),
          widen: try linear("mlp.fc1", width, intermediate, configuration.activation),
          narrow: try linear("mlp.fc2", intermediate, width), heads: configuration.heads))
    }
    return Transformer(blocks: blocks)
  }

  /// What the last block gives for one token of each sequence: [B, T, H] to [B, H].
  ///
  /// - Parameter tokens: B token numbers.
  func callAsFunction(
    _ x: Variable, at tokens: [Int], _ sight: TransformerBlock.Sight
  ) -> Variable {
    let last = blocks.dropLast().reduce(x) { $1($0, sight) }
    return blocks[blocks.count - 1](last, at: tokens, sight)
  }

  var parameters: [Parameter] { blocks.flatMap(\.parameters) }
}
