import Foundation
import Networks
import Support
import Tensors

extension World {
  /// The embeddings' width.
  static let width = 16
  /// The longest prompt the text tower reads, in tokens.
  static let positions = 40

  /// A ConSE teacher with random weights, in the layout and names of a real one.
  func writeTeacher(into folder: String) throws {
    try Files.createFolder(folder)
    let image = RecordedTensors(seed: 1)
    _ = try EfficientNet.load(.lite(2), from: image)
    try SafeTensorsFile.write(image.tensors, as: .float16, to: "\(folder)/image_tower.safetensors")

    let vocabulary = Self.vocabulary
    try SafeTensorsFile.write(
      try Self.textTower(vocabulary: vocabulary.count), as: .float16,
      to: "\(folder)/text_tower.safetensors")
    let configuration: [String: Any] = [
      "vocab_size": vocabulary.count, "hidden_size": Self.width, "num_hidden_layers": 1,
      "num_attention_heads": 2, "intermediate_size": 2 * Self.width,
      "max_position_embeddings": Self.positions, "type_vocab_size": 2, "layer_norm_eps": 1e-12,
      "hidden_act": "gelu",
    ]
    try Files.write(
      JSONSerialization.data(withJSONObject: configuration, options: .sortedKeys),
      to: "\(folder)/text_config.json")
    try Files.write(
      Data((vocabulary.joined(separator: "\n") + "\n").utf8), to: "\(folder)/vocab.txt")
    try Files.write(
      JSONSerialization.data(withJSONObject: (0..<1000).map { "thing \($0)" }),
      to: "\(folder)/imagenet_classes.json")
  }

  /// Every letter and digit, so that any name has pieces.
  private static var vocabulary: [String] {
    let characters = "abcdefghijklmnopqrstuvwxyz0123456789".map(String.init)
    return ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "photo", "of", "the", "scene"]
      + ["thing", "red", "green", "blue", "yellow", "block"] + characters
      + characters.map { "##\($0)" }
  }

  private static func textTower(
    vocabulary: Int
  ) throws -> [(name: String, value: Tensor)] {
    let source = RecordedTensors(seed: 2)
    func linear(_ name: String, _ input: Int, _ output: Int) throws {
      _ = try source.tensor("\(name).weight", shape: [output, input])
      _ = try source.tensor("\(name).bias", shape: [output])
    }
    func norm(_ name: String) throws {
      _ = try source.tensor("\(name).weight", shape: [width])
      _ = try source.tensor("\(name).bias", shape: [width])
    }
    for (part, rows) in [("word", vocabulary), ("position", positions), ("token_type", 2)] {
      _ = try source.tensor("embeddings.\(part)_embeddings.weight", shape: [rows, width])
    }
    try norm("embeddings.LayerNorm")
    let layer = "encoder.layer.0"
    for part in ["self.query", "self.key", "self.value", "output.dense"] {
      try linear("\(layer).attention.\(part)", width, width)
    }
    try norm("\(layer).attention.output.LayerNorm")
    try linear("\(layer).intermediate.dense", width, 2 * width)
    try linear("\(layer).output.dense", 2 * width, width)
    try norm("\(layer).output.LayerNorm")
    return source.tensors
  }
}

/// New weights that remember what was asked for.
final class RecordedTensors: TensorSource {
  private(set) var tensors: [(name: String, value: Tensor)] = []
  private let source: NewTensors

  init(seed: UInt64) { source = NewTensors(seed: seed) }

  func tensor(_ name: String, shape: [Int]?) throws(InputError) -> Tensor {
    let tensor = try source.tensor(name, shape: shape)
    tensors.append((name, tensor))
    return tensor
  }
}
