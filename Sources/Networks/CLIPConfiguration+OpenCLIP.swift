import Foundation
public import Support
import Tensors

extension CLIPConfiguration {
  /// Reads open_clip's `open_clip_config.json`, with vision transformers or residual towers.
  ///
  /// - Throws: `InputError` for a file that is missing or unreadable, or asks for something that is
  ///   not supported.
  public init(openCLIP path: String) throws(InputError) {
    let data = try Files.read(path)
    guard
      let file = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
      let model = file["model_cfg"] as? [String: Any]
    else {
      throw InputError(
        .badData, "not open_clip's configuration", at: path,
        expected: "a JSON object with model_cfg")
    }
    let keys = OpenCLIPKeys(values: model, prefix: "model_cfg", path: path)
    try keys.refuse(allBut: ["embed_dim", "quick_gelu", "vision_cfg", "text_cfg"])
    let projection = try keys.size("embed_dim")
    let activation: Activation = (model["quick_gelu"] as? Bool ?? false) ? .quickGELU : .gelu
    self.init(
      vision: try keys.under("vision_cfg").vision(projection, activation),
      text: try keys.under("text_cfg").text(projection, activation))
  }
}

/// The keys of one of the file's objects.
private struct OpenCLIPKeys {
  let values: [String: Any]
  let prefix: String
  let path: String

  func under(_ key: String) throws(InputError) -> OpenCLIPKeys {
    guard let part = values[key] as? [String: Any] else {
      throw unusable(key, "an object")
    }
    return OpenCLIPKeys(values: part, prefix: "\(prefix).\(key)", path: path)
  }

  private func unusable(_ key: String, _ expected: String) -> InputError {
    InputError(
      .badData, "unusable '\(prefix).\(key)'", at: path, expected: expected,
      got: values[key].map { "\($0)" } ?? "none")
  }

  /// A key that is not understood would change the model.
  func refuse(allBut known: Set<String>) throws(InputError) {
    for (key, value) in values.sorted(by: { $0.key < $1.key })
    where !known.contains(key) && !(value is NSNull) {
      throw InputError(
        .badData, "an unsupported key '\(prefix).\(key)'", at: path,
        expected: known.sorted().joined(separator: ", "), got: "\(value)")
    }
  }

  func size(_ key: String, default standard: Int? = nil) throws(InputError) -> Int {
    guard let value = values[key] as? Int ?? (values[key] == nil ? standard : nil),
      1...(1 << 20) ~= value
    else { throw unusable(key, "1...\(1 << 20)") }
    return value
  }

  private func transformer(
    width: Int, heads: Int, layers: Int, _ activation: Activation
  ) throws(InputError) -> Transformer.Configuration {
    guard width % heads == 0 else { throw unusable("width", "a multiple of \(heads) heads") }
    let ratio = (values["mlp_ratio"] as? Double) ?? 4
    guard ratio > 0, ratio <= 64, Double(width) * ratio >= 1 else {
      throw unusable("mlp_ratio", "above 0, at most 64, at least a channel")
    }
    return Transformer.Configuration(
      width: width, intermediate: Int(Double(width) * ratio), layers: layers, heads: heads,
      activation: activation)
  }

  func vision(
    _ projection: Int, _ activation: Activation
  ) throws(InputError) -> CLIPConfiguration.Vision {
    try refuse(allBut: ["image_size", "layers", "width", "head_width", "patch_size", "mlp_ratio"])
    let image = try size("image_size", default: 224)
    guard 32...4096 ~= image else { throw unusable("image_size", "32...4096") }
    let width = try size("width")
    let headWidth = try size("head_width", default: 64)
    if let blocks = values["layers"] as? [Int] {
      guard blocks.count == 4, blocks.allSatisfy({ 1...1000 ~= $0 }) else {
        throw unusable("layers", "four numbers of blocks")
      }
      // Each stage halves the map, and the pool has a position for every cell of the last.
      guard image % 32 == 0 else { throw unusable("image_size", "a multiple of 32") }
      guard width % 2 == 0, (32 * width) % headWidth == 0 else {
        throw unusable("width", "an even number, 32 times it a multiple of head_width \(headWidth)")
      }
      return .residual(
        CLIPResNet.Configuration(
          blocks: blocks, width: width, imageSize: image, heads: 32 * width / headWidth,
          projection: projection))
    }
    guard width >= headWidth else { throw unusable("width", "at least head_width \(headWidth)") }
    let patch = try size("patch_size")
    guard patch <= image else { throw unusable("patch_size", "at most image_size \(image)") }
    return .transformer(
      VisionTransformer.Configuration(
        transformer: try transformer(
          width: width, heads: width / headWidth, layers: try size("layers"), activation),
        imageSize: image, patchSize: patch, projection: projection))
  }

  func text(
    _ projection: Int, _ activation: Activation
  ) throws(InputError) -> TextTransformer.Configuration {
    try refuse(allBut: ["context_length", "vocab_size", "width", "heads", "layers", "mlp_ratio"])
    return TextTransformer.Configuration(
      transformer: try transformer(
        width: try size("width", default: 512), heads: try size("heads", default: 8),
        layers: try size("layers", default: 12), activation),
      vocabulary: try size("vocab_size", default: 49408),
      positions: try size("context_length", default: 77),
      // open_clip takes the embedding at the highest id.
      endOfText: nil, projection: projection)
  }
}
