import Datasets
import Foundation
import Networks
import Support
import Tensors
import TestSupport

extension Place {
  /// Gives the pipeline a CLIP teacher with random weights, and the finished run's boxes as a file.
  func useCLIP() throws {
    let folder = "\(data)/clip"
    try Files.createFolder(folder)
    let configuration = #"""
      {"model_type": "clip", "projection_dim": 12,
       "vision_config": {"hidden_size": 24, "intermediate_size": 40, "num_hidden_layers": 2,
                         "num_attention_heads": 3, "image_size": 16, "patch_size": 8},
       "text_config": {"hidden_size": 16, "intermediate_size": 36, "num_hidden_layers": 1,
                       "num_attention_heads": 2, "vocab_size": 680, "max_position_embeddings": 64,
                       "eos_token_id": 673}}
      """#
    try write(configuration, to: "data/clip/config.json")
    // What a centre crop is cut out of is larger than what the tower sees.
    try write(
      #"{"size": {"shortest_edge": 20}, "crop_size": 16, "image_mean": [0.4, 0.5, 0.6]}"#,
      to: "data/clip/preprocessor_config.json")
    for part in ["vocab.json", "merges.txt"] {
      let text = try Files.read(fixture("../TeacherTests/Goldens/bpe/\(part)"))
      try Files.write(text, to: "\(folder)/\(part)")
    }
    let weights = RecordedTensors(seed: 7)
    _ = try CLIP.load(CLIPConfiguration(path: "\(folder)/config.json"), from: weights)
    try SafeTensorsFile.write(weights.tensors, to: "\(folder)/model.safetensors")
    try replace(
      "{family: conse, folder: teacher}", with: "{family: clip, folder: clip}", in: "pipeline.yaml")
    try useOwnProposals()
  }

  /// Gives the pipeline the finished run's boxes as a file of its own, so that images may change without a
  /// network that is trained anew.
  func useOwnProposals() throws {
    let boxes = try FinishedRun.shared.get().place.output("propose") + "/train.jsonl"
    try FileManager.default.copyItem(atPath: boxes, toPath: "\(data)/boxes.jsonl")
    try replace("proposals:\n", with: "proposals:\n  file: boxes.jsonl\n", in: "pipeline.yaml")
  }

  /// The lines of `vild embed --list`: the first, and those of the images.
  func list(_ more: String...) throws -> (head: [String: Any], images: [[String: Any]]) {
    let outcome = try Vild(arguments("embed", ["--list"] + more)).ended()
    guard outcome.status == 0, outcome.complaints.isEmpty else {
      throw Failure(what: "\(outcome.errors)")
    }
    let lines = try outcome.output.split(separator: "\n").map { line in
      try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
    }
    return (lines.first ?? [:], Array(lines.dropFirst()))
  }

  struct Failure: Error { let what: String }
}
