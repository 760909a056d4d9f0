import Foundation
import Images
import Networks
import Regions
import Support
import Teacher
import Tensors
import TestSupport
import Testing

@Suite struct CLIPTeacherTests {
  /// Names through the tokenizer, the tower and the templates, against the parts by hand.
  @Test func namesAreTheirPromptsThroughTheTextTower() throws {
    try CLIPFolder.with { folder in
      let teacher = try CLIPTeacher.load(folder: folder.path)
      let clip = try CLIP.load(folder: folder.path)
      let templates = try PromptTemplates(["a photo of a {}.", "the {}"])
      let rows = try teacher.embed(names: ["cat", "Hot-Dog"], with: templates)
      #expect(rows.shape == [2, 12] && teacher.width == 12)
      let tokenizer = try #require(try BytePairTokenizer.load(folder: folder.path))
      let texts = ["a photo of a cat.", "the cat", "a photo of a hot-dog.", "the hot-dog"]
      let units = texts.map {
        l2Normalize(clip.text([tokenizer.encode($0)])).value
      }
      for (row, pair) in [(units[0], units[1]), (units[2], units[3])].enumerated() {
        let mean = l2Normalize(Variable(pair.0 + pair.1)).value
        for (a, b) in zip(rows.rows(row..<row + 1).array, mean.array) { #expect(abs(a - b) < 1e-5) }
      }
    }
  }

  @Test func imagesAreTheTowersEmbeddings() throws {
    try CLIPFolder.with { folder in
      let teacher = try CLIPTeacher.load(folder: folder.path)
      let clip = try CLIP.load(folder: folder.path)
      var squash = Preprocessing.clip(size: 16)
      squash.fit = .squash
      #expect(teacher.preprocessing == squash)
      #expect(teacher.logitScale == clip.cosineFactor)
      let image = Image(width: 40, height: 20, filledWith: Color(200, 10, 90))
      let pixels = teacher.preprocessing.pixels(of: [image.bounds], in: image)
      // The frozen tower sums in another order.
      let (ours, exact) = (
        teacher.embedUnnormalized(pixels: pixels).array, clip.vision.embed(pixels: pixels).array
      )
      #expect(ours.count == 12)
      for (a, b) in zip(ours, exact) { #expect(abs(a - b) < 1e-5 * max(1, abs(b))) }
      let length = teacher.embed(pixels: pixels).array.reduce(0) { $0 + $1 * $1 }
      #expect(abs(length - 1) < 1e-5)
      let whole = try CLIPTeacher.load(folder: folder.path, fit: .centreCrop)
      #expect(whole.preprocessing == Preprocessing.clip(size: 16))
    }
  }

  @Test func aNameBeyondTheLimitIsNamedNotCut() throws {
    try CLIPFolder.with { folder in
      let teacher = try CLIPTeacher.load(folder: folder.path)
      let name = String(repeating: "cat ", count: 20)
      let error = #expect(throws: InputError.self) {
        try teacher.embed(names: ["cat", name], with: PromptTemplates(["{} and {article} cat"]))
      }
      #expect(error?.description.contains("'cat cat") == true)
      #expect(error?.description.contains("24 tokens") == true)
    }
  }

  @Test func anotherTokenizerIsRefused() throws {
    try CLIPFolder.with { folder in
      try folder.write(
        "config.json",
        CLIPFolder.configuration.replacing(#""eos_token_id": 673"#, with: #""eos_token_id": 500"#))
      let error = #expect(throws: InputError.self) { try CLIPTeacher.load(folder: folder.path) }
      #expect(error?.what == "the tokenizer does not belong to the text tower")
      try folder.write(
        "config.json",
        CLIPFolder.configuration.replacing(#""vocab_size": 680"#, with: #""vocab_size": 600"#))
      try folder.changeTensors { _ in }
      let larger = #expect(throws: InputError.self) { try CLIPTeacher.load(folder: folder.path) }
      #expect(larger?.expected == "at most 600 tokens" && larger?.got == "674")
    }
  }

  /// The towers load without a tokenizer; a teacher, which reads names, does not.
  @Test func aMissingTokenizerIsNamed() throws {
    try CLIPFolder.with { folder in
      try folder.remove("vocab.json")
      try folder.remove("merges.txt")
      _ = try CLIP.load(folder: folder.path)
      let error = #expect(throws: InputError.self) { try CLIPTeacher.load(folder: folder.path) }
      #expect(error?.what == "the teacher has no tokenizer" && error?.kind == .missingInput)
      #expect(error?.expected?.contains("merges.txt") == true)
    }
  }

  @Test func checkpointsOfAnotherModelAreRefused() throws {
    try CLIPFolder.with { folder in
      func error(_ change: (inout [(name: String, value: Tensor)]) -> Void) throws -> InputError? {
        try folder.changeTensors(change)
        return #expect(throws: InputError.self) { try CLIP.load(folder: folder.path) }
      }
      let noImages = try error { $0.removeAll { $0.name.hasPrefix("vision_model.") } }
      #expect(noImages?.what == "the checkpoint has no image tower")
      let noTexts = try error { $0.removeAll { $0.name.hasPrefix("text_model.") } }
      #expect(noTexts?.what == "the checkpoint has no text tower")
      let missing = try error { $0.removeAll { $0.name == "text_projection.weight" } }
      #expect(missing?.what.contains("text_projection.weight") == true)
      let misshapen = try error {
        $0[0].value = Tensor(zeros: [24, 3, 4, 4])
      }
      #expect(misshapen?.what.contains("patch_embedding") == true)
      #expect(misshapen?.expected == "[24, 3, 8, 8]" && misshapen?.got == "[24, 3, 4, 4]")
      let extra = try error { $0.append(("text_model.extra", Tensor(zeros: [2]))) }
      #expect(extra?.got == "'text_model.extra' [2]")
      try folder.changeTensors {
        $0.append(("text_model.embeddings.position_ids", Tensor(zeros: [1, 24])))
      }
      _ = try CLIP.load(folder: folder.path)
      let whole = try Files.read("\(folder.path)/model.safetensors")
      try Files.write(whole.dropLast(100), to: "\(folder.path)/model.safetensors")
      let short = #expect(throws: InputError.self) { try CLIP.load(folder: folder.path) }
      #expect(short?.kind == .badData)
      try folder.write("config.json", #"{"model_type": "siglip"}"#)
      let other = #expect(throws: InputError.self) { try CLIPTeacher.load(folder: folder.path) }
      #expect(other?.expected == #"model_type "clip""#)
    }
  }
}
