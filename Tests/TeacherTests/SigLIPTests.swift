import Foundation
import Images
import Networks
import Regions
import Support
import Teacher
import Tensors
import TestSupport
import Testing

/// SigLIP and SigLIP 2 against transformers, on the tiny checkpoints of `make_siglip.py`.
@Suite struct SigLIPTests {
  private func distance(_ a: Tensor, _ b: Tensor) -> Float {
    guard a.shape == b.shape else { return .infinity }
    return zip(a.array, b.array).reduce(0) { max($0, abs($1.0 - $1.1)) }
  }

  private func pixels(_ golden: SafeTensorsFile) throws -> Tensor {
    try golden.tensor("pixel_values").channelsLast
  }

  private func texts(_ golden: SafeTensorsFile) throws -> [[Int]] {
    let ids = try golden.integers("input_ids")
    return (0..<3).map { Array(ids[$0 * 16..<($0 + 1) * 16]) }
  }

  @Test(arguments: ["siglip", "siglip2"])
  func embeddingsAndLogitsAreThoseOfTransformers(name: String) throws {
    let folder = fixture("Goldens/\(name)")
    let golden = try SafeTensorsFile(path: "\(folder)/golden.safetensors")
    let model = try SigLIP.load(folder: folder)
    let images = model.vision.embed(pixels: try pixels(golden))
    let frozen = try model.vision.frozen(precision: .float32).embed(pixels: try pixels(golden))
    let words = model.text(try texts(golden)).value
    let expected = try golden.tensor("image_embeds", shape: [3, 24])
    #expect(distance(l2Normalize(Variable(images)).value, expected) < 1e-5)
    #expect(distance(l2Normalize(Variable(frozen)).value, expected) < 1e-5)
    let expectedWords = try golden.tensor("text_embeds", shape: [3, 24])
    #expect(distance(l2Normalize(Variable(words)).value, expectedWords) < 1e-5)
    let logits = model.logits(images: images, texts: words)
    #expect(distance(logits, try golden.tensor("logits_per_image", shape: [3, 3])) < 2e-5)
    #expect(model.logitBias == -2.25 && abs(model.cosineFactor - exp(1.5)) < 1e-5)
  }

  /// Names through tokenizer, padding and tower; a name alone is what it is beside others.
  @Test(arguments: ["siglip", "siglip2"])
  func namesAreThoseOfTransformers(name: String) throws {
    let folder = fixture("Goldens/\(name)")
    let golden = try SafeTensorsFile(path: "\(folder)/golden.safetensors")
    let teacher = try SigLIPTeacher.load(folder: folder)
    let names = ["a photo of a cat.", "the fire hydrant", "Hot-Dog"]
    let rows = try teacher.embed(names: names, with: PromptTemplates(["{}"]))
    let expected = try golden.tensor("text_embeds", shape: [3, 24])
    #expect(distance(rows, expected) < 1e-5)
    let last = try teacher.embed(names: [names[2]], with: PromptTemplates(["{}"]))
    #expect(distance(last, expected.rows(2..<3)) < 1e-5)
    #expect(teacher.width == 24 && teacher.textTower.limit == 16 && teacher.logitBias == -2.25)
    // Shorter than the tower's places, and filled up to them.
    let padded = try texts(golden)
    for (name, ids) in zip(names, padded) {
      let tokens = teacher.textTower.tokens(of: name)
      let padding = teacher.textTower.tokenizer.padding
      #expect(tokens.count < 16 && tokens == Array(ids.prefix(tokens.count)))
      #expect(ids.dropFirst(tokens.count).allSatisfy { $0 == padding })
    }
  }

  @Test func anImageIsWhatItIsInAnyBatch() throws {
    let folder = fixture("Goldens/siglip")
    let golden = try SafeTensorsFile(path: "\(folder)/golden.safetensors")
    let tower = try SigLIP.load(folder: folder).vision.frozen(precision: .float32)
    let pixels = try pixels(golden)
    let all = tower.embed(pixels: pixels)
    for row in 0..<3 {
      let one = tower.embed(pixels: pixels.rows(row..<row + 1))
      #expect(distance(one, all.rows(row..<row + 1)) < 1e-5)
    }
    #expect(tower.embed(pixels: pixels.rows(0..<0)).shape == [0, 24])
  }

  private struct Case: Decodable {
    var text: String
    var siglip: [Int]?
    var bytes: [Int]?
    var siglip2: [Int]
  }

  private func cases() throws -> [Case] {
    let cases = try JSONDecoder().decode(
      [Case].self, from: Files.read(fixture("Goldens/siglip-ids.json")))
    #expect(cases.count == 29)
    return cases
  }

  private func tokens(of text: String, _ folder: String) throws -> [Int] {
    try SigLIPTeacher.load(folder: folder).textTower.tokens(of: text)
  }

  @Test func idsOfSentencePiece() throws {
    let tower = try SigLIPTeacher.load(folder: fixture("Goldens/siglip")).textTower
    for item in try cases() {
      guard let ids = item.siglip else { continue }
      #expect(tower.tokens(of: item.text) == ids, "\(item.text.debugDescription)")
    }
  }

  /// The same model in the form of tokenizers.
  @Test func idsOfAUnigramDescription() throws {
    try SigLIPFolder.with("siglip") { folder in
      try folder.remove("spiece.model")
      try Files.write(
        try Files.read(fixture("Goldens/siglip-unigram.json")), to: "\(folder.path)/tokenizer.json")
      let tower = try SigLIPTeacher.load(folder: folder.path).textTower
      for item in try cases() {
        guard let ids = item.siglip else { continue }
        #expect(tower.tokens(of: item.text) == ids, "\(item.text.debugDescription)")
      }
      let files = try TeacherFolder(path: folder.path).files()
      #expect(files.contains("\(folder.path)/tokenizer.json"))
    }
  }

  /// Symbols of the user's, unknown characters in bytes, no table of characters.
  @Test func idsOfSentencePieceInBytes() throws {
    try SigLIPFolder.with("siglip") { folder in
      try Files.write(
        try Files.read(fixture("Goldens/spiece-bytes.model")), to: "\(folder.path)/spiece.model")
      try folder.change("config.json") { file in
        var text = file["text_config"] as? [String: Any] ?? [:]
        text["vocab_size"] = 1000
        file["text_config"] = text
      }
      try folder.changeTensors { tensors in
        let table = tensors.firstIndex { $0.name.contains("token_embedding") }!
        tensors[table].value = Tensor(zeros: [1000, 24])
      }
      let tower = try SigLIPTeacher.load(folder: folder.path).textTower
      for item in try cases() {
        guard let ids = item.bytes else { continue }
        #expect(tower.tokens(of: item.text) == ids, "\(item.text.debugDescription)")
      }
    }
  }

  @Test func idsOfGemma() throws {
    let tower = try SigLIPTeacher.load(folder: fixture("Goldens/siglip2")).textTower
    for item in try cases() {
      #expect(tower.tokens(of: item.text) == item.siglip2, "\(item.text.debugDescription)")
    }
    #expect(tower.tokenizer.padding == 0)
  }

  @Test func pixelsAreThoseOfTransformers() throws {
    let golden = try SafeTensorsFile(path: fixture("Goldens/siglip-pixels.safetensors"))
    for number in 0..<6 {
      let folder = fixture("Goldens/\(number < 3 ? "siglip" : "siglip2")")
      let preprocessing = try Preprocessing.siglip(folder: folder, imageSize: 20)
      let shape = try #require(golden.shape(of: "\(number).image"))
      let levels = try golden.integers("\(number).image").map { UInt8($0) }
      var image = Image(width: shape[1], height: shape[0])
      for y in 0..<shape[0] {
        for x in 0..<shape[1] {
          let at = (y * shape[1] + x) * 3
          image[x, y] = Color(levels[at], levels[at + 1], levels[at + 2])
        }
      }
      let pixels = preprocessing.pixels(of: [image.bounds], in: image)
      let expected = try golden.tensor("\(number).pixels", shape: [20, 20, 3])
      #expect(distance(pixels.reshaped([20, 20, 3]), expected) < 2e-6, "\(number)")
    }
  }

  /// What `vild teacher check` does.
  @Test(arguments: ["siglip", "siglip2"])
  func aFolderIsCheckedAgainstItsGolden(name: String) throws {
    let folder = try TeacherFolder(path: fixture("Goldens/\(name)"))
    #expect(folder.family == .siglip && folder.assumption == nil)
    let check = try TeacherCheck(folder)
    #expect(check.distances?.count == 3 && check.failures.isEmpty)
    #expect(check.facts.first { $0.label == "family" }?.value == "siglip")
    let kind = name == "siglip" ? "SentencePiece" : "Gemma's"
    #expect(check.facts.first { $0.label == "tokenizer" }?.value.hasPrefix(kind) == true)
    let files = try folder.files().map { URL(filePath: $0).lastPathComponent }
    #expect(
      Set(files) == [
        "config.json", "tokenizer_config.json", "preprocessor_config.json", "model.safetensors",
        name == "siglip" ? "spiece.model" : "tokenizer.json",
      ])
  }

  @Test func withoutItsProcessorAFolderSaysWhatIsAssumed() throws {
    try SigLIPFolder.with("siglip") { folder in
      try folder.remove("preprocessor_config.json")
      let assumption = try TeacherFolder(path: folder.path).assumption
      #expect(assumption?.contains("images are prepared as SigLIP's authors do") == true)
      let found = try SigLIPTeacher.load(folder: folder.path).preprocessing
      #expect(found == (try Preprocessing.siglip(folder: fixture("Goldens/siglip"), imageSize: 20)))
    }
  }
}
