public import Support
public import Tensors

/// A vision transformer (Dosovitskiy et al., 2021) as in CLIP (Radford et al., 2021): patches and a
/// class token through pre-norm blocks; the class token, projected, is the embedding.
///
/// Shape letters: B images, S side, P patches, H width, D embedding width.
public struct VisionTransformer: ImageTower {
  /// The sizes of the tower.
  public struct Configuration: Hashable, Sendable {
    /// The blocks.
    public var transformer: Transformer.Configuration
    /// S: width and height of the input in pixels.
    public var imageSize: Int
    /// Width and height of a patch in pixels.
    public var patchSize: Int
    /// D
    public var projection: Int

    /// Sizes as they are.
    public init(
      transformer: Transformer.Configuration, imageSize: Int, patchSize: Int, projection: Int
    ) {
      self.transformer = transformer
      self.imageSize = imageSize
      self.patchSize = patchSize
      self.projection = projection
    }

    /// P; pixels that fill no patch, at the right and the bottom, are not looked at.
    public var patches: Int { (imageSize / patchSize) * (imageSize / patchSize) }
  }

  /// The sizes.
  public let configuration: Configuration
  /// [H]
  package let classToken: Parameter
  /// [patch, patch, 3, H], without a bias
  package let patchEmbedding: Parameter
  /// [1 + P, H]: the class token's, then the patches' row by row.
  package let positions: Parameter
  /// Before the first block.
  package let inputNorm: LayerNorm
  package let transformer: Transformer
  /// Of the class token after the last block.
  package let outputNorm: LayerNorm
  /// [H, D], without a bias
  package let projection: Linear

  /// Reads a checkpoint with Hugging Face's names.
  ///
  /// - Throws: `InputError` naming the tensor that is missing or has another shape.
  public static func load(
    _ configuration: Configuration, from source: some TensorSource
  ) throws(InputError) -> VisionTransformer {
    let (width, patch) = (configuration.transformer.width, configuration.patchSize)
    func norm(_ name: String) throws(InputError) -> LayerNorm {
      try .load(
        "vision_model.\(name)", width: width, epsilon: configuration.transformer.epsilon,
        from: source)
    }
    let names = (
      token: "vision_model.embeddings.class_embedding",
      patch: "vision_model.embeddings.patch_embedding.weight",
      positions: "vision_model.embeddings.position_embedding.weight"
    )
    let kernel = try source.tensor(names.patch, shape: [width, 3, patch, patch])
    return VisionTransformer(
      configuration: configuration,
      classToken: Parameter(
        names.token, try source.tensor(names.token, shape: [width]), decays: false),
      patchEmbedding: Parameter(names.patch, kernel.fromPyTorchConvolution),
      positions: Parameter(
        names.positions,
        try source.tensor(names.positions, shape: [1 + configuration.patches, width]),
        decays: false),
      // Spelled so in every published checkpoint.
      inputNorm: try norm("pre_layrnorm"),
      transformer: try .load(
        configuration.transformer, "vision_model.encoder", from: source),
      outputNorm: try norm("post_layernorm"),
      projection: try .loadProjection(
        "visual_projection", input: width, output: configuration.projection, from: source))
  }

  /// D
  public var width: Int { configuration.projection }

  /// The projected class token: [B, S, S, 3] to [B, D].
  public func callAsFunction(_ pixels: Variable) -> Variable {
    let size = configuration.imageSize
    precondition(
      pixels.shape.count == 4 && pixels.shape.dropFirst() == [size, size, 3],
      "pixels \(pixels.shape) for an input of \(size)x\(size)")
    let classTokens = transformer(
      stream(pixels), at: Array(repeating: 0, count: pixels.shape[0]), .everything)
    return projection(outputNorm(classTokens))
  }

  /// What the first block reads: class token and patches, each with its position, normalised,
  /// [B, 1 + P, H].
  package func stream(_ pixels: Variable) -> Variable {
    let (batch, patches) = (pixels.shape[0], configuration.patches)
    let width = configuration.transformer.width
    let cells = conv2d(
      pixels, patchEmbedding(on: pixels.tape), stride: configuration.patchSize)
    // The class token stands once before all patches; the sequences take their rows from there.
    let table = concatenate([
      reshape(classToken(on: pixels.tape), [1, width]), reshape(cells, [batch * patches, width]),
    ])
    let rows = (0..<batch).flatMap { image in
      (0...patches).map { $0 == 0 ? 0 : image * patches + $0 }
    }
    let places = (0..<batch).flatMap { _ in 0...patches }
    let sum = add(
      gatherRows(table, rows), gatherRows(positions(on: pixels.tape), places))
    return inputNorm(reshape(sum, [batch, 1 + patches, width]))
  }

  /// The projected class token, for inference: [B, S, S, 3] to [B, D].
  public func embed(pixels: Tensor) -> Tensor { self(Variable(pixels)).value }

  /// All parameters, under the checkpoint's names and in our layouts.
  public var parameters: [Parameter] {
    [classToken, patchEmbedding, positions] + inputNorm.parameters + transformer.parameters
      + outputNorm.parameters + projection.parameters
  }
}
