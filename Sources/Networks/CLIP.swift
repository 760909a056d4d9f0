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

  /// All parameters, under the checkpoint's names and in our layouts.
  public var parameters: [Parameter] { vision.parameters + text.parameters + [logitScale] }

  /// Whether a checkpoint may carry a tensor of this name although nothing needs it: the numbers
  /// 0, 1, 2... that older versions of transformers stored.
  public static func isSpare(_ name: String) -> Bool {
    name.hasSuffix(".embeddings.position_ids")
  }
}
