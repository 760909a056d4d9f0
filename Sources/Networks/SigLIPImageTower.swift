public import Support
public import Tensors

/// The image half of SigLIP: patches through pre-norm blocks, without a class token; a learnt query
/// pools what comes out.
///
/// Shape letters: B images, S side, P patches, H width, which is D.
public struct SigLIPImageTower: ImageTower {
  /// The sizes.
  public let configuration: VisionTransformer.Configuration
  /// [patch, patch, 3, H]
  package let patchEmbedding: Parameter
  /// [H]
  package let patchBias: Parameter
  /// [P, H], row by row.
  package let positions: Parameter
  package let transformer: Transformer
  /// Of every patch after the last block.
  package let outputNorm: LayerNorm
  package let pool: ProbePool

  /// Reads a checkpoint with Hugging Face's names.
  ///
  /// - Throws: `InputError` naming the tensor that is missing or has another shape.
  public static func load(
    _ configuration: VisionTransformer.Configuration, from source: some TensorSource
  ) throws(InputError) -> SigLIPImageTower {
    let (width, patch) = (configuration.transformer.width, configuration.patchSize)
    func parameter(_ name: String, _ shape: [Int]) throws(InputError) -> Parameter {
      Parameter(name, try source.tensor(name, shape: shape), decays: false)
    }
    let embeddings = "vision_model.embeddings"
    let kernel = "\(embeddings).patch_embedding.weight"
    return SigLIPImageTower(
      configuration: configuration,
      patchEmbedding: Parameter(
        kernel, try source.tensor(kernel, shape: [width, 3, patch, patch]).fromPyTorchConvolution),
      patchBias: try parameter("\(embeddings).patch_embedding.bias", [width]),
      positions: try parameter(
        "\(embeddings).position_embedding.weight", [configuration.patches, width]),
      transformer: try .load(
        configuration.transformer, "vision_model.encoder", from: source),
      outputNorm: try .load(
        "vision_model.post_layernorm", width: width, epsilon: configuration.transformer.epsilon,
        from: source),
      pool: try .load("vision_model.head", configuration.transformer, from: source))
  }

  /// D
  public var width: Int { configuration.projection }

  /// [B, S, S, 3] to [B, D], not normalised.
  public func callAsFunction(_ pixels: Variable) -> Variable {
    let size = configuration.imageSize
    precondition(
      pixels.shape.count == 4 && pixels.shape.dropFirst() == [size, size, 3],
      "pixels \(pixels.shape) for an input of \(size)x\(size)")
    let patches = transformer.blocks.reduce(stream(pixels)) { $1($0, .everything) }
    return pool(outputNorm(patches))
  }

  /// What the first block reads: patches with their positions, [B, P, H].
  package func stream(_ pixels: Variable) -> Variable {
    let (batch, patches) = (pixels.shape[0], configuration.patches)
    let width = configuration.transformer.width
    let cells = conv2d(
      pixels, patchEmbedding(on: pixels.tape), bias: patchBias(on: pixels.tape),
      stride: configuration.patchSize)
    let places = (0..<batch).flatMap { _ in 0..<patches }
    let sum = add(
      reshape(cells, [batch * patches, width]), gatherRows(positions(on: pixels.tape), places))
    return reshape(sum, [batch, patches, width])
  }

  /// The same for inference.
  public func embed(pixels: Tensor) -> Tensor { self(Variable(pixels)).value }

  /// The same for inference alone, fast.
  ///
  /// - Throws: `InputError` (`configuration`) for a precision that this build or processor has not.
  public func frozen(precision: Precision) throws(InputError) -> any ImageTower {
    try precision.requireAvailable()
    return FrozenSigLIPImageTower(self, precision: precision)
  }
}

/// What SigLIP has in place of a class token (Zhai et al., 2022): a learnt query, the probe, asks all
/// patches by attention; a feed-forward pair, which reads a norm, adds to the answer.
///
/// Shape letters: B images, P patches, H width.
package struct ProbePool: Sendable {
  /// [H]
  package let probe: Parameter
  package let query, key, value, output: Linear
  package let norm: LayerNorm
  package let widen, narrow: Linear
  package let heads: Int

  /// Reads `name.probe`, `name.attention` in the form of PyTorch's MultiheadAttention,
  /// `name.layernorm` and `name.mlp`.
  ///
  /// - Throws: `InputError` naming the tensor that is missing or has another shape.
  static func load(
    _ name: String, _ sizes: Transformer.Configuration, from source: some TensorSource
  ) throws(InputError) -> ProbePool {
    let width = sizes.width
    // The three products of an attention are one tensor.
    let joined = "\(name).attention.in_proj"
    let weights = try source.tensor("\(joined)_weight", shape: [3 * width, width])
    let biases = try source.tensor("\(joined)_bias", shape: [3 * width])
    func part(_ number: Int) -> Linear {
      let rows = number * width..<(number + 1) * width
      return Linear(
        weight: Parameter("\(joined)_weight.\(number)", weights.rows(rows).transposed),
        bias: Parameter("\(joined)_bias.\(number)", biases.rows(rows), decays: false))
    }
    let probe = try source.tensor("\(name).probe", shape: [1, 1, width])
    return ProbePool(
      probe: Parameter("\(name).probe", probe.reshaped([width]), decays: false),
      query: part(0), key: part(1), value: part(2),
      output: try .load("\(name).attention.out_proj", input: width, output: width, from: source),
      norm: try .load(
        "\(name).layernorm", width: width, epsilon: sizes.epsilon, from: source),
      widen: try .load(
        "\(name).mlp.fc1", input: width, output: sizes.intermediate, activation: sizes.activation,
        from: source),
      narrow: try .load("\(name).mlp.fc2", input: sizes.intermediate, output: width, from: source),
      heads: sizes.heads)
  }

  /// [B, P, H] to [B, H].
  func callAsFunction(_ patches: Variable) -> Variable {
    let (batch, width) = (patches.shape[0], patches.shape[2])
    let asking = gatherRows(
      reshape(probe(on: patches.tape), [1, width]), Array(repeating: 0, count: batch))
    let context = attention(
      reshape(query(asking), [batch, 1, width]), key(patches), value(patches), heads: heads)
    let answer = output(reshape(context, [batch, width]))
    return add(narrow(widen(norm(answer))), answer)
  }
}
