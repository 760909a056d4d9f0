import Foundation
public import Support
import Tensors

/// The sizes of SigLIP's two towers, as in Hugging Face's `config.json`; SigLIP 2 of a fixed
/// resolution has the same form.
public struct SigLIPConfiguration: Hashable, Sendable {
  /// The image tower; it embeds to its own width.
  public var vision: VisionTransformer.Configuration
  /// The text tower. It has no end of text: the last of all its places is the embedding.
  public var text: TextTransformer.Configuration

  /// Reads `config.json`; missing keys have the values that transformers gives them, those of
  /// google/siglip-base-patch16-224.
  ///
  /// - Throws: `InputError` for a file that is missing or unreadable, a model of another kind, and
  ///   SigLIP 2 of flexible resolution (NaFlex).
  public init(path: String) throws(InputError) {
    let data = try Files.read(path)
    let file: ConfigurationFile
    do {
      file = try JSONDecoder().decode(ConfigurationFile.self, from: data)
    } catch DecodingError.typeMismatch(_, let context) {
      let key = context.codingPath.map(\.stringValue).joined(separator: ".")
      throw InputError(
        .badData, key.isEmpty ? "not a JSON object" : "'\(key)' is of the wrong type", at: path)
    } catch {
      throw InputError(.badData, "not SigLIP's config.json", at: path)
    }
    if file.model_type == "siglip2" || file.vision_config?.num_patches != nil {
      throw InputError(
        .badData, "SigLIP 2 of flexible resolution (NaFlex) is not supported", at: path,
        expected: "model_type \"siglip\", a fixed resolution",
        got: "\"\(file.model_type ?? "")\"",
        hint: "take one whose name has a resolution, such as google/siglip2-base-patch16-224")
    }
    guard file.model_type == "siglip" else {
      throw InputError(
        .badData, "the model is not a SigLIP model", at: path, expected: "model_type \"siglip\"",
        got: file.model_type.map { "\"\($0)\"" } ?? "none")
    }
    vision = try Keys(tower: file.vision_config ?? Tower(), name: "vision_config", path: path)
      .vision()
    text = try Keys(tower: file.text_config ?? Tower(), name: "text_config", path: path).text()
    guard vision.projection == text.projection else {
      throw InputError(
        .badData, "the towers of SigLIP embed to different widths", at: path,
        expected: "text_config.projection_size \(vision.projection), the image tower's width",
        got: "\(text.projection)")
    }
  }
}

/// The keys of `config.json`, under their own names.
private struct ConfigurationFile: Decodable {
  var model_type: String?
  var vision_config, text_config: Tower?
}

/// One tower's keys.
private struct Tower: Decodable {
  var hidden_size, intermediate_size, num_hidden_layers, num_attention_heads: Int?
  var hidden_act: String?
  var layer_norm_eps: Float?
  var num_channels, image_size, patch_size, num_patches: Int?
  var vision_use_head: Bool?
  var vocab_size, max_position_embeddings, projection_size: Int?
}

/// One tower's keys with their place in the file.
private struct Keys {
  let tower: Tower
  let name: String
  let path: String

  /// No published size comes near; products of two of them do not overflow.
  private static let maximum = 1 << 20

  private func require(
    _ holds: Bool, _ key: String, _ expected: String, _ got: some CustomStringConvertible
  ) throws(InputError) {
    guard !holds else { return }
    throw InputError(
      .badData, "unusable '\(name).\(key)'", at: path, expected: expected, got: "\(got)")
  }

  private func size(_ value: Int?, _ standard: Int, _ key: String) throws(InputError) -> Int {
    let value = value ?? standard
    try require(1...Self.maximum ~= value, key, "1...\(Self.maximum)", value)
    return value
  }

  private func transformer() throws(InputError) -> Transformer.Configuration {
    let width = try size(tower.hidden_size, 768, "hidden_size")
    let heads = try size(tower.num_attention_heads, 12, "num_attention_heads")
    try require(width % heads == 0, "num_attention_heads", "a divisor of \(width)", heads)
    let epsilon = tower.layer_norm_eps ?? 1e-6
    try require(epsilon >= 0 && epsilon.isFinite, "layer_norm_eps", "0 or more", epsilon)
    let activations: [String: Activation] = ["gelu_pytorch_tanh": .tanhGELU, "gelu": .gelu]
    let activation = activations[tower.hidden_act ?? "gelu_pytorch_tanh"]
    try require(
      activation != nil, "hidden_act", "gelu_pytorch_tanh or gelu", tower.hidden_act ?? "")
    return Transformer.Configuration(
      width: width, intermediate: try size(tower.intermediate_size, 3072, "intermediate_size"),
      layers: try size(tower.num_hidden_layers, 12, "num_hidden_layers"), heads: heads,
      activation: activation ?? .tanhGELU, epsilon: epsilon)
  }

  func vision() throws(InputError) -> VisionTransformer.Configuration {
    let channels = tower.num_channels ?? 3
    try require(channels == 3, "num_channels", "3", channels)
    try require(tower.vision_use_head ?? true, "vision_use_head", "true", false)
    let image = try size(tower.image_size, 224, "image_size")
    try require(image <= 4096, "image_size", "at most 4096", image)
    let patch = try size(tower.patch_size, 16, "patch_size")
    try require(patch <= image, "patch_size", "at most the image_size, \(image)", patch)
    let transformer = try transformer()
    return VisionTransformer.Configuration(
      transformer: transformer, imageSize: image, patchSize: patch, projection: transformer.width)
  }

  func text() throws(InputError) -> TextTransformer.Configuration {
    let transformer = try transformer()
    return TextTransformer.Configuration(
      transformer: transformer, vocabulary: try size(tower.vocab_size, 32000, "vocab_size"),
      positions: try size(tower.max_position_embeddings, 64, "max_position_embeddings"),
      endOfText: nil,
      projection: try size(tower.projection_size, transformer.width, "projection_size"))
  }
}
