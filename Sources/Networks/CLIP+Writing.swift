import Foundation
public import Support
import Tensors

extension CLIP {
  /// Writes `config.json` and `model.safetensors`, in float16, as published on Hugging Face.
  ///
  /// - Parameter metadata: what else the weights' file says of itself.
  /// - Throws: `InputError` as `Files.write`.
  public func write(
    folder: String, metadata: [String: String] = [:]
  ) throws(InputError) {
    let configuration = CLIPConfiguration(
      vision: vision.configuration, text: text.configuration)
    try Files.write(configuration.file, to: "\(folder)/config.json")
    var metadata = metadata
    // What transformers asks for.
    metadata["format"] = "pt"
    try SafeTensorsFile.write(
      published, metadata: metadata, as: .float16, to: "\(folder)/model.safetensors")
  }

  /// The parameters in PyTorch's layouts.
  private var published: [(name: String, value: Tensor)] {
    let tables = [vision.positions, text.words, text.positions].map(\.name)
    return parameters.map { parameter in
      let value = parameter.value
      switch value.shape.count {
      case 4: return (parameter.name, value.permuted([3, 2, 0, 1]))
      case 2 where !tables.contains(parameter.name): return (parameter.name, value.transposed)
      default: return (parameter.name, value)
      }
    }
  }
}

extension CLIPConfiguration {
  /// `config.json`.
  fileprivate var file: Data {
    let projection = vision.projection
    var visionTower = Self.tower(vision.transformer, projection, "clip_vision_model")
    visionTower["image_size"] = vision.imageSize
    visionTower["patch_size"] = vision.patchSize
    visionTower["num_channels"] = 3
    var textTower = Self.tower(text.transformer, projection, "clip_text_model")
    textTower["vocab_size"] = text.vocabulary
    textTower["max_position_embeddings"] = text.positions
    if let end = text.endOfText {
      textTower["eos_token_id"] = end
      textTower["bos_token_id"] = end - 1
      textTower["pad_token_id"] = end
    }
    let file: [String: Any] = [
      "architectures": ["CLIPModel"], "model_type": "clip", "projection_dim": projection,
      "torch_dtype": "float16", "vision_config": visionTower, "text_config": textTower,
    ]
    let options: JSONSerialization.WritingOptions = [
      .prettyPrinted, .sortedKeys, .withoutEscapingSlashes,
    ]
    guard let data = try? JSONSerialization.data(withJSONObject: file, options: options) else {
      preconditionFailure("a dictionary of strings and numbers has a JSON form")
    }
    return data
  }

  private static func tower(
    _ sizes: Transformer.Configuration, _ projection: Int, _ type: String
  ) -> [String: Any] {
    let activation = sizes.activation == .gelu ? "gelu" : "quick_gelu"
    return [
      "model_type": type, "hidden_size": sizes.width, "intermediate_size": sizes.intermediate,
      "num_hidden_layers": sizes.layers, "num_attention_heads": sizes.heads,
      "hidden_act": activation, "layer_norm_eps": Double("\(sizes.epsilon)") ?? 1e-5,
      "projection_dim": projection,
    ]
  }
}
