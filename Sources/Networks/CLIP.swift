import Foundation
public import Support
public import Tensors

/// CLIP (Radford et al., 2021): an image tower and a text tower into one embedding space, and the
/// factor of their cosines.
public struct CLIP: Sendable {
  /// The image half.
  public let vision: any CLIPImageTower
  /// The text half.
  public let text: TextTransformer
  /// One number: the logarithm of what cosines are multiplied by.
  public let logitScale: Parameter

  /// Reads a checkpoint with Hugging Face's names; residual towers have OpenAI's.
  ///
  /// - Parameter momentum: of the running statistics of a residual tower's norms, which are then
  ///   trained; nil leaves them as they are.
  /// - Throws: `InputError` naming the tensor that is missing or has another shape.
  public static func load(
    _ configuration: CLIPConfiguration, from source: some TensorSource, momentum: Float? = nil
  ) throws(InputError) -> CLIP {
    let vision: any CLIPImageTower =
      switch configuration.vision {
      case .transformer(let sizes): try VisionTransformer.load(sizes, from: source)
      case .residual(let sizes): try CLIPResNet.load(sizes, from: source, momentum: momentum)
      }
    return CLIP(
      vision: vision,
      text: try .load(configuration.text, from: source),
      logitScale: Parameter(
        "logit_scale", try source.tensor("logit_scale", shape: []), decays: false))
  }

  /// The towers' sizes.
  public var configuration: CLIPConfiguration {
    CLIPConfiguration(vision: vision.sizes, text: text.configuration)
  }

  /// What cosines are multiplied by to be logits.
  public var cosineFactor: Float { exp(logitScale.value.scalar) }

  /// How well images and texts fit: cosines times `cosineFactor`.
  ///
  /// - Parameters:
  ///   - images: [B, D]
  ///   - texts: [N, D]
  /// - Returns: [B, N]
  public func logits(images: Variable, texts: Variable) -> Variable {
    scale(
      innerProducts(l2Normalize(images), l2Normalize(texts)),
      by: exponential(logitScale(on: images.tape)))
  }

  /// All parameters, under the checkpoint's names and in our layouts.
  public var parameters: [Parameter] { vision.parameters + text.parameters + [logitScale] }

  /// Reads a published folder: Hugging Face's `config.json` or open_clip's `open_clip_config.json`,
  /// and weights in any form that `Weights` reads.
  ///
  /// - Throws: `InputError` naming a file that is missing or damaged, a tower that is not there, or
  ///   a tensor that is missing, of another shape or not CLIP's.
  public static func load(folder: String) throws(InputError) -> CLIP {
    let isOpenCLIP = OpenCLIP.isForm(of: folder)
    let configuration =
      isOpenCLIP
      ? try CLIPConfiguration(openCLIP: "\(folder)/\(OpenCLIP.configurationFile)")
      : try CLIPConfiguration(path: "\(folder)/config.json")
    let weights = try weights(folder: folder)
    let towers =
      isOpenCLIP
      ? [("visual.", "image"), ("transformer.", "text")]
      : [("vision_model.", "image"), ("text_model.", "text")]
    for (prefix, tower) in towers where !weights.names.contains(where: { $0.hasPrefix(prefix) }) {
      throw InputError(
        .badData, "the checkpoint has no \(tower) tower", at: folder,
        expected: "CLIP's two towers, with tensors "
          + towers.map { "\($0.0)*" }.joined(separator: " and "))
    }
    let clip =
      isOpenCLIP
      ? try load(configuration, from: OpenCLIPNames(source: weights))
      : try load(configuration, from: weights)
    // Counters of training; and older versions of transformers stored the numbers 0, 1, 2... of the
    // positions.
    try weights.requireAllRead {
      $0.hasSuffix(".embeddings.position_ids") || $0.hasSuffix(".num_batches_tracked")
    }
    return clip
  }

  /// The weights of a published folder, opened.
  ///
  /// - Throws: `InputError` for weights that are missing or unreadable.
  public static func weights(folder: String) throws(InputError) -> Weights {
    guard OpenCLIP.isForm(of: folder) else { return try Weights(path: folder) }
    let files = OpenCLIP.weightsFiles.map { "\(folder)/\($0)" }
    guard let file = files.first(where: Files.exists) else {
      throw InputError(
        .missingInput, "no weights in the folder", at: folder,
        expected: OpenCLIP.weightsFiles.joined(separator: " or "))
    }
    return try Weights(path: file)
  }
}
