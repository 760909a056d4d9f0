import Foundation
public import Support
import Tensors

extension CLIP {
  /// Writes configuration and weights, in float16, as published on Hugging Face: in transformers'
  /// form with a vision transformer, in open_clip's with a residual tower.
  ///
  /// - Parameter metadata: what else the weights' file says of itself.
  /// - Returns: the name of the weights' file.
  /// - Throws: `InputError` as `Files.write`.
  @discardableResult
  public func write(
    folder: String, metadata: [String: String] = [:]
  ) throws(InputError) -> String {
    let (configurationFile, weightsFile, file, tensors) =
      switch configuration.vision {
      case .transformer(let sizes):
        (
          "config.json", "model.safetensors", configuration.file(sizes), transformersTensors
        )
      case .residual(let sizes):
        (
          OpenCLIP.configurationFile, OpenCLIP.weightsFiles[0], configuration.openCLIPFile(sizes),
          openCLIPTensors
        )
      }
    try Files.write(json(file), to: "\(folder)/\(configurationFile)")
    var metadata = metadata
    // What transformers asks for.
    metadata["format"] = "pt"
    try SafeTensorsFile.write(
      tensors, metadata: metadata, as: .float16, to: "\(folder)/\(weightsFile)")
    return weightsFile
  }

  /// The parameters under Hugging Face's names.
  private var transformersTensors: [(name: String, value: Tensor)] {
    parameters.map { ($0.name, published($0)) }
  }

  /// The parameters under open_clip's names.
  private var openCLIPTensors: [(name: String, value: Tensor)] {
    let queries = ".self_attn.q_proj."
    let values = Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, published($0)) })
    return parameters.compactMap { parameter in
      let name = parameter.name
      let value = published(parameter)
      if name.contains(".self_attn.k_proj.") || name.contains(".self_attn.v_proj.") { return nil }
      if name.contains(queries) {
        let parts = ["q", "k", "v"].map { letter in
          values[name.replacing(queries, with: ".self_attn.\(letter)_proj.")]!
        }
        return (
          OpenCLIP.renamed(name.replacing(queries, with: ".attn.in_proj_")), Tensor(rows: parts)
        )
      }
      if let projection = OpenCLIP.projections[name] { return (projection, value.transposed) }
      return (OpenCLIP.renamed(name), value)
    }
  }

  /// The value in PyTorch's layout.
  private func published(_ parameter: Parameter) -> Tensor {
    let (name, value) = (parameter.name, parameter.value)
    let isTable = name.contains("position") || name.hasSuffix("token_embedding.weight")
    return switch value.shape.count {
    case 4: value.permuted([3, 2, 0, 1])
    case 2 where !isTable: value.transposed
    default: value
    }
  }
}

/// As people read it, with sorted keys.
private func json(_ file: [String: Any]) -> Data {
  let options: JSONSerialization.WritingOptions = [
    .prettyPrinted, .sortedKeys, .withoutEscapingSlashes,
  ]
  guard let data = try? JSONSerialization.data(withJSONObject: file, options: options) else {
    preconditionFailure("a dictionary of strings and numbers has a JSON form")
  }
  return data
}

extension CLIPConfiguration {
  /// `open_clip_config.json`. Pixels are normalised as CLIP's authors do.
  fileprivate func openCLIPFile(_ vision: CLIPResNet.Configuration) -> [String: Any] {
    let model: [String: Any] = [
      "embed_dim": vision.projection, "quick_gelu": text.transformer.activation == .quickGELU,
      "vision_cfg": [
        "image_size": vision.imageSize, "layers": vision.blocks, "width": vision.width,
        "head_width": vision.channels / vision.heads, "patch_size": NSNull(),
      ] as [String: Any],
      "text_cfg": [
        "context_length": text.positions, "vocab_size": text.vocabulary,
        "width": text.transformer.width, "heads": text.transformer.heads,
        "layers": text.transformer.layers,
      ],
    ]
    let preprocessing: [String: Any] = [
      "mean": [0.48145466, 0.4578275, 0.40821073], "std": [0.26862954, 0.26130258, 0.27577711],
      "interpolation": "bicubic", "resize_mode": "shortest",
    ]
    return ["model_cfg": model, "preprocess_cfg": preprocessing]
  }

  /// `config.json`.
  fileprivate func file(_ vision: VisionTransformer.Configuration) -> [String: Any] {
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
    return [
      "architectures": ["CLIPModel"], "model_type": "clip", "projection_dim": projection,
      "torch_dtype": "float16", "vision_config": visionTower, "text_config": textTower,
    ]
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
