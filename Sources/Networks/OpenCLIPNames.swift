import Foundation
import Support
import Tensors

/// A checkpoint under OpenAI's and open_clip's names, asked for under Hugging Face's.
///
/// There the three products of an attention are one tensor, and the two projections stand the other
/// way round.
struct OpenCLIPNames<Source: TensorSource>: TensorSource {
  let source: Source

  func tensor(_ name: String, shape: [Int]?) throws(InputError) -> Tensor {
    for (number, letter) in ["q", "k", "v"].enumerated() {
      let part = ".self_attn.\(letter)_proj."
      guard name.contains(part) else { continue }
      let joined = try source.tensor(
        OpenCLIP.renamed(name.replacing(part, with: ".attn.in_proj_")),
        shape: shape.map { [3 * $0[0]] + $0.dropFirst() })
      let rows = joined.shape[0] / 3
      return joined.rows(number * rows..<(number + 1) * rows)
    }
    guard let projection = OpenCLIP.projections[name] else {
      return try source.tensor(OpenCLIP.renamed(name), shape: shape)
    }
    return try source.tensor(projection, shape: shape.map { $0.reversed() }).transposed
  }
}

/// open_clip's published folders.
public enum OpenCLIP {
  /// Beside the weights.
  public static let configurationFile = "open_clip_config.json"
  /// What the weights are called; the first that is there counts.
  static let weightsFiles = ["open_clip_model.safetensors", "open_clip_pytorch_model.bin"]

  /// Whether a folder is to be read in this form: some hold transformers' as well, which then
  /// counts.
  public static func isForm(of folder: String) -> Bool {
    struct Header: Decodable { var model_type: String? }
    guard Files.exists("\(folder)/\(configurationFile)") else { return false }
    let other = (try? Files.read("\(folder)/config.json")).flatMap {
      try? JSONDecoder().decode(Header.self, from: $0)
    }
    return other?.model_type != "clip"
  }

  static let projections = [
    "visual_projection.weight": "visual.proj", "text_projection.weight": "text_projection",
  ]
  /// Hugging Face's part of a name, and the one here.
  private static let parts = [
    ("text_model.embeddings.token_embedding.", "token_embedding."),
    ("text_model.embeddings.position_embedding.weight", "positional_embedding"),
    ("text_model.encoder.layers.", "transformer.resblocks."),
    ("text_model.final_layer_norm.", "ln_final."),
    ("vision_model.embeddings.class_embedding", "visual.class_embedding"),
    ("vision_model.embeddings.patch_embedding.", "visual.conv1."),
    ("vision_model.embeddings.position_embedding.weight", "visual.positional_embedding"),
    ("vision_model.pre_layrnorm.", "visual.ln_pre."),
    ("vision_model.post_layernorm.", "visual.ln_post."),
    ("vision_model.encoder.layers.", "visual.transformer.resblocks."),
    (".layer_norm1.", ".ln_1."), (".layer_norm2.", ".ln_2."),
    (".self_attn.out_proj.", ".attn.out_proj."), (".mlp.fc1.", ".mlp.c_fc."),
    (".mlp.fc2.", ".mlp.c_proj."),
  ]

  static func renamed(_ name: String) -> String {
    parts.reduce(name) { $0.replacing($1.0, with: $1.1) }
  }
}
