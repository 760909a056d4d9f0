import Foundation
import Images
import Networks
import Support
import Teacher
import Tensors
import TestSupport
import Testing

@Suite struct ALIGNTeacherTests {
  private static let configuration = #"""
    {"model_type": "align", "projection_dim": 24,
     "vision_config": {"image_size": 40, "width_coefficient": 0.5, "depth_coefficient": 1,
       "hidden_dim": 24, "in_channels": [32, 16, 24], "out_channels": [16, 24, 48],
       "kernel_sizes": [3, 5, 3], "strides": [1, 2, 2], "num_block_repeats": [1, 2, 1],
       "expand_ratios": [1, 6, 4]},
     "text_config": {"hidden_size": 24, "num_hidden_layers": 1, "num_attention_heads": 3,
       "intermediate_size": 32, "vocab_size": VOCABULARY, "max_position_embeddings": 80}}
    """#
  private static let tokens = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "photo", "of", "cat", "dog", ".", "hot", "-",
  ]

  /// Notes what a network asks for.
  private final class Recorder: TensorSource {
    private(set) var tensors: [(name: String, value: Tensor)] = []

    func tensor(_ name: String, shape: [Int]?) throws(InputError) -> Tensor {
      let tensor =
        shape == [] ? Tensor(scalar: 0.05) : try NewTensors(seed: 5).tensor(name, shape: shape)
      tensors.append((name, tensor))
      return tensor
    }
  }

  /// A folder as published, with new weights of tiny towers.
  private func withFolder<Result>(
    vocabulary: Int = 13, _ change: (inout [(name: String, value: Tensor)]) -> Void = { _ in },
    _ body: (String) throws -> Result
  ) throws -> Result {
    try withTemporaryFolder { folder in
      try write(
        Self.configuration.replacing("VOCABULARY", with: "\(vocabulary)"), "\(folder)/config.json")
      try write(Self.tokens.joined(separator: "\n"), "\(folder)/vocab.txt")
      let recorder = Recorder()
      _ = try ALIGN.load(ALIGNConfiguration(path: "\(folder)/config.json"), from: recorder)
      var tensors = recorder.tensors
      change(&tensors)
      try SafeTensorsFile.write(tensors, to: "\(folder)/model.safetensors")
      return try body(folder)
    }
  }

  private func write(_ text: String, _ path: String) throws {
    try Files.write(Data(text.utf8), to: path)
  }

  /// Names through tokenizer, tower and templates, against the parts by hand.
  @Test func namesAreTheirPromptsThroughTheTextTower() throws {
    try withFolder { folder in
      let teacher = try ALIGNTeacher.load(folder: folder)
      let model = try ALIGN.load(folder: folder)
      let templates = try PromptTemplates(["a photo of {}.", "{}"])
      let rows = try teacher.embed(names: ["hot-dog"], with: templates)
      #expect(rows.shape == [1, 24] && teacher.width == 24)
      let parts = [[2, 5, 6, 7, 11, 12, 9, 10, 3], [2, 11, 12, 9, 3]].map {
        l2Normalize(Variable(model.embed(tokens: [$0]))).value
      }
      let mean = l2Normalize(Variable(parts[0] + parts[1])).value
      for (a, b) in zip(rows.array, mean.array) { #expect(abs(a - b) < 1e-5) }
    }
  }

  @Test func imagesAreTheTowersEmbeddings() throws {
    try withFolder { folder in
      let teacher = try ALIGNTeacher.load(folder: folder)
      let model = try ALIGN.load(folder: folder)
      #expect(abs(teacher.temperature - 0.05) < 1e-7)
      #expect(teacher.preprocessing.size == 40 && teacher.preprocessing.fit == .squash)
      let image = Image(width: 70, height: 50, filledWith: Color(200, 10, 90))
      let pixels = teacher.preprocessing.pixels(of: [image.bounds], in: image)
      let pairs = zip(
        teacher.embed(pixels: pixels).array,
        l2Normalize(Variable(model.embed(pixels: pixels))).value.array)
      #expect(pairs.allSatisfy { abs($0 - $1) < 1e-5 })
    }
  }

  /// ALIGN knows 64 positions, whatever the encoder has; a tokenizer may say less.
  @Test func aNameBeyondTheLimitIsNamedNotCut() throws {
    try withFolder { folder in
      #expect(try ALIGNTeacher.load(folder: folder).textTower.limit == 64)
      let unlimited = #"{"model_max_length": 1000000000000000019884624838656}"#
      try write(unlimited, "\(folder)/tokenizer_config.json")
      let teacher = try ALIGNTeacher.load(folder: folder)
      #expect(teacher.textTower.limit == 64)
      let name = String(repeating: "cat ", count: 61) + "dog"
      let templates = try PromptTemplates(["{}"])
      _ = try teacher.embed(names: [name], with: templates)
      let error = #expect(throws: InputError.self) {
        try teacher.embed(names: ["cat", name + " dog"], with: templates)
      }
      #expect(error?.description.contains("'cat cat") == true)
      #expect(error?.expected == "at most 64 tokens in a prompt" && error?.got == "65")
      try write(#"{"model_max_length": 32}"#, "\(folder)/tokenizer_config.json")
      #expect(try ALIGNTeacher.load(folder: folder).textTower.limit == 32)
    }
  }

  /// A folder with only the tokenizers library's file gives the same ids.
  @Test func tokenizerJSONIsTheVocabulary() throws {
    try withFolder { folder in
      let list = try ALIGNTeacher.load(folder: folder).textTower.tokenizer
      try FileManager.default.removeItem(atPath: "\(folder)/vocab.txt")
      let missing = #expect(throws: InputError.self) { try ALIGNTeacher.load(folder: folder) }
      #expect(missing?.place == "\(folder)/vocab.txt" && missing?.kind == .missingInput)
      func description(_ lowercase: Bool, _ last: Int) -> String {
        let ids = Self.tokens.enumerated().map { number, token in
          "\"\(token)\": \(number == 12 ? last : number)"
        }
        return #"{"normalizer": {"type": "BertNormalizer", "lowercase": \#(lowercase)}, "#
          + ###""model": {"type": "WordPiece", "continuing_subword_prefix": "##", "###
          + #""vocab": {\#(ids.joined(separator: ", "))}}}"#
      }
      let path = "\(folder)/tokenizer.json"
      try write(description(true, 12), path)
      let tokenizer = try ALIGNTeacher.load(folder: folder).textTower.tokenizer
      for text in ["A photo of a CAT.", "hot-dog bird"] {
        #expect(tokenizer.encode(text) == list.encode(text))
      }
      for (text, what) in [
        (description(false, 12), "keeps case"), (description(true, 14), "gaps"),
        (#"{"model": {"type": "BPE"}}"#, "not a WordPiece"),
      ] {
        try write(text, path)
        let error = #expect(throws: InputError.self) { try ALIGNTeacher.load(folder: folder) }
        #expect(error?.what.contains(what) == true && error?.place == path)
      }
      try write(description(true, 12), path)
      try write(#"{"do_lower_case": false}"#, "\(folder)/tokenizer_config.json")
      let cased = #expect(throws: InputError.self) { try ALIGNTeacher.load(folder: folder) }
      #expect(cased?.what.contains("keeps case") == true)
    }
  }

  @Test func checkpointsOfAnotherModelAreRefused() throws {
    func error(
      vocabulary: Int = 13, _ change: (inout [(name: String, value: Tensor)]) -> Void
    ) throws -> InputError? {
      try withFolder(vocabulary: vocabulary, change) { folder in
        #expect(throws: InputError.self) { try ALIGNTeacher.load(folder: folder) }
      }
    }
    let noImages = try error { $0.removeAll { $0.name.hasPrefix("vision_model.") } }
    #expect(noImages?.what == "the checkpoint has no image tower")
    let noTexts = try error { $0.removeAll { $0.name.hasPrefix("text_model.") } }
    #expect(noTexts?.what == "the checkpoint has no text tower")
    let missing = try error { $0.removeAll { $0.name == "temperature" } }
    #expect(missing?.what.contains("temperature") == true)
    let extra = try error { $0.append(("vision_model.encoder.top_conv", Tensor(zeros: [2]))) }
    #expect(extra?.got == "'vision_model.encoder.top_conv' [2]")
    let smaller = try error(vocabulary: 9) { _ in }
    #expect(smaller?.expected == "at most 9 tokens" && smaller?.got == "13")
    try withFolder({
      $0.append(("text_model.embeddings.position_ids", Tensor(zeros: [1, 80])))
      $0.append(("text_model.pooler.dense.bias", Tensor(zeros: [24])))
      $0.append(("vision_model.embeddings.batchnorm.num_batches_tracked", Tensor(scalar: 1)))
    }) { _ = try ALIGNTeacher.load(folder: $0) }
  }
}
