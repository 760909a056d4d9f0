import Foundation
public import Support
public import Tensors

/// SigLIP (Zhai et al., 2023) and SigLIP 2 of a fixed resolution (Tschannen et al., 2025): an image
/// tower and a text tower into one embedding space, trained pair by pair with a sigmoid.
///
/// Shape letters: B images, S side, N texts, D embedding width.
public struct SigLIP: Sendable {
  /// The image half.
  public let vision: SigLIPImageTower
  /// The text half.
  public let text: SigLIPTextTransformer
  /// The logarithm of what cosines are multiplied by.
  public let logitScale: Float
  /// What is added to the product; the sigmoid of the sum is how likely a pair fits.
  public let logitBias: Float

  /// Reads a checkpoint with Hugging Face's names.
  ///
  /// - Throws: `InputError` naming the tensor that is missing or has another shape.
  public static func load(
    _ configuration: SigLIPConfiguration, from source: some TensorSource
  ) throws(InputError) -> SigLIP {
    SigLIP(
      vision: try .load(configuration.vision, from: source),
      text: try .load(configuration.text, from: source),
      logitScale: try source.tensor("logit_scale", shape: [1]).array[0],
      logitBias: try source.tensor("logit_bias", shape: [1]).array[0])
  }

  /// Reads a published folder: `config.json` and weights in any form that `Weights` reads.
  ///
  /// - Throws: `InputError` naming a file that is missing or damaged, a tower that is not there, or
  ///   a tensor that is missing, of another shape or not SigLIP's.
  public static func load(folder: String) throws(InputError) -> SigLIP {
    let configuration = try SigLIPConfiguration(path: "\(folder)/config.json")
    let weights = try Weights(path: folder)
    let names = weights.names
    for (prefix, tower) in [("vision_model.", "image"), ("text_model.", "text")] {
      guard names.contains(where: { $0.hasPrefix(prefix) }) else {
        throw InputError(
          .badData, "the checkpoint has no \(tower) tower", at: folder,
          expected: "SigLIP's two towers, with tensors vision_model.* and text_model.*")
      }
    }
    let model = try load(configuration, from: weights)
    // Older versions of transformers stored the numbers 0, 1, 2... of the positions.
    try weights.requireAllRead { $0.hasSuffix(".embeddings.position_ids") }
    return model
  }

  /// What cosines are multiplied by to be logits, before `logitBias` is added.
  public var cosineFactor: Float { exp(logitScale) }

  /// How well images and texts fit: cosines times `cosineFactor` plus `logitBias`.
  ///
  /// - Parameters:
  ///   - images: [B, D]
  ///   - texts: [N, D]
  /// - Returns: [B, N]
  public func logits(images: Tensor, texts: Tensor) -> Tensor {
    let cosines = innerProducts(l2Normalize(Variable(images)), l2Normalize(Variable(texts)))
    let scaled = scale(cosines, by: cosineFactor).value
    return scaled + Tensor(scaled.shape) { $0.initialize(repeating: logitBias) }
  }
}
