import Datasets
import Foundation
import Networks
import Support
import Teacher
import Tensors
import TestSupport
import Testing

/// Damaged files of weights, vocabularies, settings and names are read or refused, never a trap.
///
/// VILD_FUZZ_SECONDS makes it last longer.
@Suite struct ReaderFuzzTests {
  /// A file of a folder, and what reads it there.
  private struct Case: Sendable {
    let file: String
    let read: @Sendable (_ path: String) throws -> Void
  }

  private static func readAll(_ weights: Weights) throws {
    for name in weights.names {
      if weights.type(of: name)?.isFloatingPoint == true {
        _ = try weights.tensor(name)
      } else {
        _ = try weights.integers(name)
      }
    }
    try weights.requireAllRead()
  }

  private static func folder(of path: String) -> String {
    (path as NSString).deletingLastPathComponent
  }

  private static let weights: [Case] = [
    "small.safetensors", "zip.pt", "legacy.pth", "index/model.safetensors.index.json",
  ].map { file in
    Case(file: file) { path in
      try readAll(Weights(path: file.hasPrefix("index") ? folder(of: path) : path))
    }
  }

  private static let tokenizers = [
    Case(file: "tokenizer.json") { _ = try BytePairTokenizer(description: $0).encode("a cat's 7") },
    Case(file: "vocab.json") { path in
      let merges = "\(folder(of: path))/merges.txt"
      _ = try BytePairTokenizer(vocabulary: path, merges: merges).encode("hot dog")
    },
    Case(file: "merges.txt") { path in
      let vocabulary = "\(folder(of: path))/vocab.json"
      _ = try BytePairTokenizer(vocabulary: vocabulary, merges: path).encode("hot dog")
    },
    Case(file: "merges.gz") { _ = try BytePairTokenizer(gzippedMerges: $0).encode("hot dog") },
    Case(file: "vocab.txt") { _ = try WordPiece(vocabulary: $0).encode("a [MASK] cat") },
    Case(file: "word-pieces.json") { _ = try WordPiece(description: $0).encode("a cat") },
    Case(file: "pieces/tokenizer_config.json") { _ = try WordPiece(folder: folder(of: $0)) },
  ]

  private static let settings = [
    Case(file: "config.json") { _ = try CLIPConfiguration(path: $0) },
    Case(file: "open.json") { _ = try CLIPConfiguration(openCLIP: $0) },
    Case(file: "align.json") { _ = try ALIGNConfiguration(path: $0) },
    Case(file: "bert.json") { _ = try BERTConfiguration(path: $0) },
    Case(file: "processor.json") { _ = try Preprocessing(clip: $0, imageSize: 16) },
    Case(file: "efficient.json") { _ = try Preprocessing(efficientNet: $0) },
    Case(file: "prompts.txt") { _ = try PromptTemplates(path: $0).prompts(for: "cat") },
    Case(file: "text.safetensors") { _ = try TextEmbeddings(path: $0).nearDuplicates() },
  ]

  private static let names = ["txt", "json", "csv", "yaml"].map { ending in
    Case(file: "names.\(ending)") { _ = try Vocabulary(path: $0) }
  }

  /// The towers and all that goes with them: what loads also embeds.
  private static let teachers = ["config.json", "model.safetensors", "tokenizer.json"].map { file in
    Case(file: "teacher/\(file)") { path in
      let teacher = try CLIPTeacher.load(folder: folder(of: path))
      _ = try teacher.embed(names: ["cat"], with: PromptTemplates(["{}"]))
    }
  }

  private func prepare(_ folder: CLIPFolder) throws {
    func copy(_ fixture: String, _ name: String) throws {
      try Files.write(try Files.read(fixture), to: "\(folder.path)/\(name)")
    }
    let small = [
      (name: "module.a", value: Tensor([2, 3], [1, 2, 3, 4, 5, 6])),
      (name: "module.b", value: Tensor([2], [-1, 1e3])),
    ]
    for inner in ["index", "pieces", "teacher"] {
      try Files.createFolder("\(folder.path)/\(inner)")
    }
    try folder.writeDescription(asPairs: true)
    for file in ["config.json", "tokenizer.json"] {
      try copy("\(folder.path)/\(file)", "teacher/\(file)")
    }
    // As other programs write them: with checksums little would be read.
    func write(
      _ tensors: [(name: String, value: Tensor)], _ name: String, as type: StoredType = .float32
    ) throws {
      let bytes = SafeTensorsFile.encode(tensors, as: type, hasChecksums: false)
      try Files.write(bytes, to: "\(folder.path)/\(name)")
    }
    try write(small, "small.safetensors")
    try write(small, "index/1.safetensors", as: .float16)
    let tower = try SafeTensorsFile(path: "\(folder.path)/model.safetensors")
    try write(
      tower.names.map { (name: $0, value: try tower.tensor($0)) }, "teacher/model.safetensors")
    try folder.write(
      "index/model.safetensors.index.json",
      #"{"weight_map": {"module.a": "1.safetensors", "module.b": "1.safetensors"}}"#)
    let goldens = fixture("Goldens")
    let tensors = fixture("../TensorsTests/Goldens/weights")
    let networks = fixture("../NetworksTests/Goldens")
    for (fixture, name) in [
      ("\(tensors)/tiny-zip.pt", "zip.pt"), ("\(tensors)/tiny-legacy.pt", "legacy.pth"),
      ("\(goldens)/bpe-merges.txt.gz", "merges.gz"), ("\(goldens)/vocab.txt", "vocab.txt"),
      ("\(goldens)/vocab.txt", "pieces/vocab.txt"), ("\(networks)/align-tiny.json", "align.json"),
      ("\(networks)/bert-tiny.json", "bert.json"),
      ("\(networks)/open-clip/residual/open_clip_config.json", "open.json"),
    ] { try copy(fixture, name) }
    let texts = [
      "pieces/tokenizer_config.json": #"{"model_max_length": 64, "do_lower_case": true}"#,
      "word-pieces.json": #"""
      {"model": {"type": "WordPiece", "continuing_subword_prefix": "##",
                 "vocab": {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "a": 3, "c": 4, "##at": 5}},
       "normalizer": {"type": "BertNormalizer", "lowercase": true, "strip_accents": null}}
      """#,
      "processor.json": #"""
      {"image_processor": {"size": {"shortest_edge": 18}, "crop_size": 16, "resample": 3,
                           "rescale_factor": 0.00392, "image_mean": [0.5, 0.4, 0.3],
                           "image_std": [0.2, 0.3, 0.4]}}
      """#,
      "efficient.json": #"""
      {"size": {"height": 64, "width": 64}, "crop_size": {"height": 32, "width": 32},
       "do_center_crop": true, "rescale_factor": 0.0078, "rescale_offset": true,
       "image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.3, 0.4], "include_top": true}
      """#,
      "prompts.txt": "a photo of {article} {}.\n# more\nthe {}\n",
      "names.txt": "cat\n# more\nsofa | couch\ndog;lamp\n",
      "names.json": #"{"x": 1, "id2label": {"0": "cat", "10": {"name": "dog"}, "2": "lamp"}}"#,
      "names.csv": "id,name,synonyms\n0,cat,\n1,\"sofa, \"\"old\"\"\",couch|settee\n",
      "names.yaml": "nc: 3\nnames:\n  0: cat\n  2: 'hot dog'\n  1: dog\ntrain: x\n",
    ]
    for (name, text) in texts { try folder.write(name, text) }
    try TextEmbeddings(
      categories: [.init("cat"), .init("dog", synonyms: ["puppy"])],
      embeddings: Tensor([2, 2], [1, 0, 0.6, 0.8]), templates: PromptTemplates(["a {}"]),
      teacher: "t"
    ).write(to: "\(folder.path)/text.safetensors")
  }

  @Test func damagedFilesAreReadOrRefused() throws {
    let asked = ProcessInfo.processInfo.environment["VILD_FUZZ_SECONDS"].flatMap(Double.init)
    let cases = Self.weights + Self.tokenizers + Self.settings + Self.names + Self.teachers
    try CLIPFolder.with { folder in
      try prepare(folder)
      let paths = cases.map { "\(folder.path)/\($0.file)" }
      let originals = try paths.map { try Files.read($0) }
      for (item, path) in zip(cases, paths) { try item.read(path) }
      var random = SeededGenerator(seed: 24)
      var (read, refused) = ([Int](repeating: 0, count: cases.count), 0)
      let end = ProcessInfo.processInfo.systemUptime + (asked ?? 3)
      var rounds = 0
      while rounds < 5 || ProcessInfo.processInfo.systemUptime < end {
        rounds += 1
        for (number, item) in cases.enumerated() {
          let file = URL(filePath: paths[number])
          try Data(Self.damaged(Array(originals[number]), &random)).write(to: file)
          do {
            try item.read(paths[number])
            read[number] += 1
          } catch is InputError {
            refused += 1
          }
          try originals[number].write(to: file)
        }
      }
      #expect(refused > cases.count && read.reduce(0, +) > cases.count, "\(read), \(refused)")
    }
  }

  /// What replaces a number or a word.
  private static let words = [
    "0", "-1", "1", "65536", "9223372036854775807", "-9223372036854775808", "99999999999999999999",
    "1e308", "1e-308", "0.5", "null", "true", "{}", "[]", "\"\"", "\"x\"", "[[[[", "\u{0}", "é",
  ].map { Array($0.utf8) }

  /// One to four changes of the bytes.
  private static func damaged(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
      let place = Int.random(in: 0..<bytes.count, using: &random)
      let end = min(bytes.count, place + Int.random(in: 1...40, using: &random))
      switch Int.random(in: 0..<7, using: &random) {
      case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1: bytes[place] = [0, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
      case 2: bytes.removeSubrange(place..<end)
      case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
      case 4: bytes.removeLast(bytes.count - place)
      default:
        // The next number, and all of it.
        let isDigit = { (byte: UInt8) in 0x30...0x39 ~= byte }
        let start = bytes[place...].firstIndex(where: isDigit) ?? place
        let length = max(1, bytes[start...].prefix(while: isDigit).count)
        bytes.replaceSubrange(
          start..<start + length, with: words.randomElement(using: &random) ?? [])
      }
    }
    return bytes
  }
}
