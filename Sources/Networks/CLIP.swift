import Foundation
public import Support
public import Tensors

/// CLIP (Radford et al., 2021): an image tower and a text tower into one embedding space, and the
/// factor of their cosines.
public struct CLIP: Sendable {
  /// The image half.
  public let vision: VisionTransformer
  /// The text half.
  public let text: TextTransformer
  /// One number: the logarithm of what cosines are multiplied by.
  public let logitScale: Parameter

  /// Reads a checkpoint with Hugging Face's names.
  ///
  /// - Throws: `InputError` naming the tensor that is missing or has another shape.
  public static func load(
    _ configuration: CLIPConfiguration, from source: some TensorSource
  ) throws(InputError) -> CLIP {
    CLIP(
      vision: try .load(configuration.vision, from: source),
      text: try .load(configuration.text, from: source),
      logitScale: Parameter(
        "logit_scale", try source.tensor("logit_scale", shape: []), decays: false))
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

  /// Reads a published folder: `config.json` and weights in any form that `Weights` reads.
  ///
  /// - Throws: `InputError` naming a file that is missing or damaged, a tower that is not there, or
  ///   a tensor that is missing, of another shape or not CLIP's.
  public static func load(folder: String) throws(InputError) -> CLIP {
    let configuration = try CLIPConfiguration(path: "\(folder)/config.json")
    let weights = try Weights(path: folder)
    let names = weights.names
    for (prefix, tower) in [("vision_model.", "image"), ("text_model.", "text")] {
      guard names.contains(where: { $0.hasPrefix(prefix) }) else {
        throw InputError(
          .badData, "the checkpoint has no \(tower) tower", at: folder,
          expected: "CLIP's two towers, with tensors vision_model.* and text_model.*")
      }
    }
    let clip = try load(configuration, from: weights)
    // Older versions of transformers stored the numbers 0, 1, 2... of the positions.
    try weights.requireAllRead { $0.hasSuffix(".embeddings.position_ids") }
    return clip
  }
}
