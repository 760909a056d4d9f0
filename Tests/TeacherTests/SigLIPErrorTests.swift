import Foundation
import Support
import Teacher
import Tensors
import TestSupport
import Testing

/// Each mistake in a SigLIP folder is one line that names the file.
@Suite struct SigLIPErrorTests {
  private func error(_ folder: SigLIPFolder) -> InputError? {
    #expect(throws: InputError.self) { try TeacherFolder(path: folder.path).load() }
  }

  @Test func flexibleResolutionIsRefused() throws {
    try SigLIPFolder.with("siglip2") { folder in
      try folder.change("config.json") { $0["model_type"] = "siglip2" }
      let found = error(folder)
      #expect(found?.what == "SigLIP 2 of flexible resolution (NaFlex) is not supported")
      #expect(found?.place == "\(folder.path)/config.json")
      #expect(found?.hint?.contains("google/siglip2-base-patch16-224") == true)
    }
  }

  @Test(arguments: ["siglip", "siglip2"]) func missingFiles(name: String) throws {
    try SigLIPFolder.with(name) { folder in
      try folder.remove("model.safetensors")
      #expect(error(folder)?.kind == .missingInput)
      try folder.remove(name == "siglip" ? "spiece.model" : "tokenizer.json")
      let found = error(folder)
      #expect(found?.what == "the teacher has no tokenizer" && found?.kind == .missingInput)
      #expect(found?.expected == "spiece.model (SigLIP) or tokenizer.json (SigLIP 2)")
      try folder.remove("config.json")
      #expect(error(folder)?.what == "no teacher in the folder")
    }
  }

  /// The towers are checked without a tokenizer, which is noted.
  @Test func aFolderWithoutATokenizerIsChecked() throws {
    try SigLIPFolder.with("siglip") { folder in
      try folder.remove("spiece.model")
      let check = try TeacherCheck(try TeacherFolder(path: folder.path))
      #expect(check.failures.isEmpty && check.distances?.count == 3)
      #expect(
        check.facts.first { $0.label == "tokenizer" }?.value.hasPrefix("none in the folder") == true
      )
    }
  }

  @Test func checkpointsOfAnotherShapeAreRefused() throws {
    func found(
      _ change: (inout [(name: String, value: Tensor)]) -> Void
    ) throws -> InputError? {
      try SigLIPFolder.with("siglip") { folder in
        try folder.changeTensors(change)
        return error(folder)
      }
    }
    func set(_ name: String, _ shape: [Int]) throws -> InputError? {
      try found { tensors in
        let place = tensors.firstIndex { $0.name == name }!
        tensors[place].value = Tensor(zeros: shape)
      }
    }
    let probe = try set("vision_model.head.probe", [1, 1, 20])
    #expect(probe?.what.contains("vision_model.head.probe") == true)
    #expect(probe?.expected == "[1, 1, 24]" && probe?.got == "[1, 1, 20]")
    let joined = try set("vision_model.head.attention.in_proj_weight", [24, 24])
    #expect(joined?.expected == "[72, 24]" && joined?.got == "[24, 24]")
    let places = try set("text_model.embeddings.position_embedding.weight", [64, 24])
    #expect(places?.expected == "[16, 24]" && places?.got == "[64, 24]")
    let without = try found { $0.removeAll { $0.name == "logit_bias" } }
    #expect(without?.what.contains("logit_bias") == true)
    let noImages = try found { $0.removeAll { $0.name.hasPrefix("vision_model.") } }
    #expect(noImages?.what == "the checkpoint has no image tower")
    let extra = try found { $0.append(("text_model.extra", Tensor(zeros: [2]))) }
    #expect(extra?.got == "'text_model.extra' [2]")
  }

  @Test(
    arguments: [
      ("hidden_act", "relu", "unusable 'vision_config.hidden_act'"),
      ("num_attention_heads", 5, "unusable 'vision_config.num_attention_heads'"),
      ("patch_size", 40, "unusable 'vision_config.patch_size'"),
      ("vision_use_head", false, "unusable 'vision_config.vision_use_head'"),
      ("num_channels", 1, "unusable 'vision_config.num_channels'"),
      ("hidden_size", "24", "'vision_config.hidden_size' is of the wrong type"),
      ("hidden_size", 48, "the towers of SigLIP embed to different widths"),
      ("num_patches", 256, "SigLIP 2 of flexible resolution (NaFlex) is not supported"),
    ] as [(String, any Sendable, String)])
  func settingsThatCannotBeUsed(key: String, value: any Sendable, what: String) throws {
    try SigLIPFolder.with("siglip") { folder in
      try folder.change("config.json") { file in
        var tower = file["vision_config"] as? [String: Any] ?? [:]
        tower[key] = value
        file["vision_config"] = tower
      }
      #expect(error(folder)?.what == what)
      #expect(error(folder)?.place == "\(folder.path)/config.json")
    }
  }

  @Test(
    arguments: [
      ("image_processor_type", "Siglip2ImageProcessor"), ("size", 224), ("resample", 1),
      ("do_center_crop", true), ("image_std", [0.5, 0, 1]), ("rescale_factor", 0),
    ] as [(String, any Sendable)])
  func imagesThatCannotBePrepared(key: String, value: any Sendable) throws {
    try SigLIPFolder.with("siglip") { folder in
      try folder.change("preprocessor_config.json") { $0[key] = value }
      #expect(error(folder)?.what == "unusable '\(key)'")
      #expect(error(folder)?.place == "\(folder.path)/preprocessor_config.json")
    }
  }

  @Test func tokenizersOfAnotherKindAreRefused() throws {
    func found(_ change: (inout [String: Any]) -> Void) throws -> InputError? {
      try SigLIPFolder.with("siglip2") { folder in
        try folder.change("tokenizer.json", change)
        return error(folder)
      }
    }
    func model(_ key: String, _ value: Any) throws -> InputError? {
      try found { file in
        var model = file["model"] as? [String: Any] ?? [:]
        model[key] = value
        file["model"] = model
      }
    }
    let pieces = try model("type", "WordPiece")
    #expect(pieces?.what == "an unknown tokenizer model" && pieces?.got == "WordPiece")
    #expect(try model("byte_fallback", false)?.what == "not Gemma's tokenizer")
    #expect(try model("merges", [["a"]])?.what == "not a byte pair")
    #expect(try model("vocab", ["a": 0])?.what == "the vocabulary has no token '<0x00>'")
    #expect(try model("vocab", ["a": -1])?.what == "the id is out of range")
    let normalizer = try found { $0["normalizer"] = ["type": "NFKC"] }
    #expect(normalizer?.what == "unusable 'normalizer'" && normalizer?.got == "NFKC")
    let splits = try found { $0["pre_tokenizer"] = ["type": "ByteLevel"] }
    #expect(splits?.what == "unusable 'pre_tokenizer'")
    let begun = try found { file in
      var template = file["post_processor"] as? [String: Any] ?? [:]
      template["single"] = [
        ["SpecialToken": ["id": "<bos>"]], ["Sequence": ["id": "A"]],
        ["SpecialToken": ["id": "<eos>"]],
      ]
      file["post_processor"] = template
    }
    #expect(begun?.what == "unusable 'post_processor.single'" && begun?.got == "<bos> A <eos>")
    #expect(try found { $0["model"] = nil }?.what == "not a tokenizer")
  }

  @Test func paddingBeforeATextIsRefused() throws {
    try SigLIPFolder.with("siglip2") { folder in
      try folder.change("tokenizer_config.json") { $0["padding_side"] = "left" }
      #expect(error(folder)?.what == "unusable 'padding_side'" && error(folder)?.got == "left")
    }
  }

  @Test func aTokenizerOfMorePiecesThanVectorsIsRefused() throws {
    try SigLIPFolder.with("siglip") { folder in
      try Files.write(
        try Files.read(fixture("Goldens/spiece-bytes.model")), to: "\(folder.path)/spiece.model")
      #expect(error(folder)?.what == "the tokenizer does not belong to the text tower")
    }
  }

  /// Cut anywhere, or with any byte changed, a tokenizer is read or refused, never a trap.
  @Test(arguments: [("siglip", "spiece.model"), ("siglip2", "tokenizer.json")])
  func damagedTokenizersAreReadOrRefused(name: String, file: String) throws {
    try SigLIPFolder.with(name) { folder in
      let path = "\(folder.path)/\(file)"
      let whole = Array(try Files.read(path))
      var refused = 0
      for place in stride(from: 0, to: whole.count, by: 41) {
        var changed = whole
        changed[place] ^= [0x01, 0x10, 0x80][place % 3]
        for bytes in [Array(whole.prefix(place)), changed] {
          try Files.write(Data(bytes), to: path)
          do {
            let teacher = try TeacherFolder(path: folder.path).load()
            _ = teacher.textTower.tokens(of: "a photo of a ﬁre hydrant 写真")
          } catch is InputError {
            refused += 1
          }
        }
      }
      #expect(refused > 20)
    }
  }
}
