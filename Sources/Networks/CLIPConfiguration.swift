import Foundation
public import Support
import Tensors

/// The sizes of CLIP's two towers, as in Hugging Face's `config.json`.
public struct CLIPConfiguration: Hashable, Sendable {
  /// The image tower, of one of the two kinds that were published.
  public enum Vision: Hashable, Sendable {
    case transformer(VisionTransformer.Configuration)
    case residual(CLIPResNet.Configuration)

    /// D
    public var projection: Int {
      switch self {
      case .transformer(let sizes): sizes.projection
      case .residual(let sizes): sizes.projection
      }
    }
  }

  /// The image tower.
  public var vision: Vision
  /// The text tower.
  public var text: TextTransformer.Configuration

  /// Sizes as they are; both towers have the same projection.
  public init(vision: Vision, text: TextTransformer.Configuration) {
    precondition(vision.projection == text.projection, "two towers, two embedding widths")
    self.vision = vision
    self.text = text
  }

  /// Reads `config.json`; keys that do not bear on the towers are passed over, missing ones have
  /// the values that transformers gives them.
  ///
  /// - Throws: `InputError` for a file that is missing or unreadable, or a model of another kind.
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
      throw InputError(.badData, "not CLIP's config.json", at: path)
    }
    guard file.model_type == "clip" else {
      throw InputError(
        .badData, "the model is not a CLIP model", at: path, expected: "model_type \"clip\"",
        got: file.model_type.map { "\"\($0)\"" } ?? "none")
    }
    let projection = file.projection_dim ?? 512
    try Self.require(
      1...maximum ~= projection, "projection_dim", "1...\(maximum)", projection, path)
    // Where the older key is there, transformers lets it decide alone.
    vision = .transformer(
      try (file.vision_config_dict ?? file.vision_config ?? Tower()).vision(projection, path))
    text = try (file.text_config_dict ?? file.text_config ?? Tower()).text(projection, path)
  }

  fileprivate static func require(
    _ holds: Bool, _ key: String, _ expected: String, _ got: some CustomStringConvertible,
    _ path: String
  ) throws(InputError) {
    guard !holds else { return }
    throw InputError(
      .badData, "unusable '\(key)'", at: path, expected: expected, got: "\(got)")
  }
}

/// No published size comes near; products of two of them do not overflow.
private let maximum = 1 << 20

/// The keys of `config.json`, under their own names.
private struct ConfigurationFile: Decodable {
  var model_type: String?
  var projection_dim: Int?
  var vision_config: Tower?
  var vision_config_dict: Tower?
  var text_config: Tower?
  var text_config_dict: Tower?
}

/// One tower's keys; each tower has defaults of its own.
private struct Tower: Decodable {
  var hidden_size: Int?
  var intermediate_size: Int?
  var num_hidden_layers: Int?
  var num_attention_heads: Int?
  var hidden_act: String?
  var layer_norm_eps: Float?
  var num_channels: Int?
  var image_size: Int?
  var patch_size: Int?
  var vocab_size: Int?
  var max_position_embeddings: Int?
  var eos_token_id: Int?

  func vision(
    _ projection: Int, _ path: String
  ) throws(InputError) -> VisionTransformer.Configuration {
    let name = "vision_config"
    let channels = num_channels ?? 3
    try CLIPConfiguration.require(channels == 3, "\(name).num_channels", "3", channels, path)
    let image = try size(image_size, 224, "\(name).image_size", path)
    // Four times the largest published; an elongated crop is resized to many times its side.
    try CLIPConfiguration.require(
      image <= 4096, "\(name).image_size", "at most 4096", image, path)
    let patch = try size(patch_size, 32, "\(name).patch_size", path)
    try CLIPConfiguration.require(
      patch <= image, "\(name).patch_size", "at most the image_size, \(image)", patch, path)
    return VisionTransformer.Configuration(
      transformer: try transformer(name, (768, 3072, 12), path), imageSize: image,
      patchSize: patch, projection: projection)
  }

  func text(
    _ projection: Int, _ path: String
  ) throws(InputError) -> TextTransformer.Configuration {
    let name = "text_config"
    let end = eos_token_id ?? 49407
    return TextTransformer.Configuration(
      transformer: try transformer(name, (512, 2048, 8), path),
      vocabulary: try size(vocab_size, 49408, "\(name).vocab_size", path),
      positions: try size(
        max_position_embeddings, 77, "\(name).max_position_embeddings", path),
      // Checkpoints published early say 2, which is not the end of anything.
      endOfText: end == 2 ? nil : end, projection: projection)
  }

  private func transformer(
    _ name: String, _ defaults: (width: Int, intermediate: Int, heads: Int), _ path: String
  ) throws(InputError) -> Transformer.Configuration {
    let width = try size(hidden_size, defaults.width, "\(name).hidden_size", path)
    let heads = try size(num_attention_heads, defaults.heads, "\(name).num_attention_heads", path)
    try CLIPConfiguration.require(
      width % heads == 0, "\(name).num_attention_heads", "a divisor of \(width)", heads, path)
    let epsilon = layer_norm_eps ?? 1e-5
    try CLIPConfiguration.require(
      epsilon >= 0 && epsilon.isFinite, "\(name).layer_norm_eps", "0 or more", epsilon, path)
    let activations: [String: Activation] = ["quick_gelu": .quickGELU, "gelu": .gelu]
    let activation = activations[hidden_act ?? "quick_gelu"]
    try CLIPConfiguration.require(
      activation != nil, "\(name).hidden_act", "quick_gelu or gelu", hidden_act ?? "", path)
    return Transformer.Configuration(
      width: width,
      intermediate: try size(
        intermediate_size, defaults.intermediate, "\(name).intermediate_size", path),
      layers: try size(num_hidden_layers, 12, "\(name).num_hidden_layers", path), heads: heads,
      activation: activation ?? .quickGELU, epsilon: epsilon)
  }

  private func size(
    _ value: Int?, _ standard: Int, _ key: String, _ path: String
  ) throws(InputError) -> Int {
    let value = value ?? standard
    try CLIPConfiguration.require(1...maximum ~= value, key, "1...\(maximum)", value, path)
    return value
  }
}
