import Foundation
import Networks
import Support
import Tensors
import TestSupport

/// A teacher's folder as published, with new weights of tiny towers and the tiny tokenizer.
struct CLIPFolder {
  let path: String

  static let configuration = #"""
    {"model_type": "clip", "projection_dim": 12,
     "vision_config": {"hidden_size": 24, "intermediate_size": 40, "num_hidden_layers": 2,
                       "num_attention_heads": 3, "image_size": 16, "patch_size": 8},
     "text_config": {"hidden_size": 16, "intermediate_size": 36, "num_hidden_layers": 2,
                     "num_attention_heads": 2, "vocab_size": 680, "max_position_embeddings": 24,
                     "eos_token_id": 673}}
    """#

  /// Notes what a network asks for.
  private final class Recorder: TensorSource {
    private(set) var tensors: [(name: String, value: Tensor)] = []

    func tensor(_ name: String, shape: [Int]?) throws(InputError) -> Tensor {
      let tensor = try NewTensors(seed: 5).tensor(name, shape: shape)
      tensors.append((name, tensor))
      return tensor
    }
  }

  static func with<Result>(_ body: (CLIPFolder) throws -> Result) throws -> Result {
    try withTemporaryFolder { path in
      let folder = CLIPFolder(path: path)
      try folder.write("config.json", configuration)
      for part in ["vocab.json", "merges.txt"] {
        try Files.write(try Files.read(fixture("Goldens/bpe/\(part)")), to: "\(path)/\(part)")
      }
      try folder.changeTensors { _ in }
      return try body(folder)
    }
  }

  func write(_ name: String, _ text: String) throws {
    try Files.write(Data(text.utf8), to: "\(path)/\(name)")
  }

  /// Writes `tokenizer.json` of the folder's vocabulary and merges.
  ///
  /// - Parameter asPairs: as tokenizers writes merges since version 0.20.
  func writeDescription(asPairs: Bool) throws {
    let vocabulary = try JSONDecoder().decode(
      [String: Int].self, from: Files.read("\(path)/vocab.json"))
    let text = String(decoding: try Files.read("\(path)/merges.txt"), as: UTF8.self)
    let merges = text.split(separator: "\n").dropFirst().map(String.init)
    var model: [String: Any] = [
      "type": "BPE", "end_of_word_suffix": "</w>", "unk_token": "<|endoftext|>",
      "vocab": vocabulary,
    ]
    model["merges"] =
      asPairs ? merges.map { $0.split(separator: " ").map(String.init) } as [Any] : merges as [Any]
    let description: [String: Any] = [
      "version": "1.0", "model": model,
      "added_tokens": [["id": 673, "content": "<|endoftext|>", "special": true] as [String: Any]],
      "normalizer": [
        "type": "Sequence",
        "normalizers": [
          ["type": "NFC"], ["type": "Replace", "content": " ", "pattern": ["Regex": "\\s+"]],
          ["type": "Lowercase"],
        ] as [[String: Any]],
      ] as [String: Any],
    ]
    try Files.write(
      JSONSerialization.data(withJSONObject: description), to: "\(path)/tokenizer.json")
  }

  func remove(_ name: String) throws {
    try FileManager.default.removeItem(atPath: "\(path)/\(name)")
  }

  /// Writes the weights anew.
  func changeTensors(_ change: (inout [(name: String, value: Tensor)]) -> Void) throws {
    let recorder = Recorder()
    _ = try CLIP.load(CLIPConfiguration(path: "\(path)/config.json"), from: recorder)
    var tensors = recorder.tensors
    change(&tensors)
    try SafeTensorsFile.write(tensors, to: "\(path)/model.safetensors")
  }
}
