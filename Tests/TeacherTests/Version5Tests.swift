import Foundation
import Images
import Networks
import Support
import Teacher
import Tensors
import TestSupport
import Testing

/// Folders as transformers writes them since version 5: `tokenizer.json` and `processor_config.json`
/// in place of `vocab.json`, `merges.txt` and `preprocessor_config.json`.
@Suite struct Version5Tests {
  private struct Case: Decodable {
    var text: String
    var ids: [Int]
  }

  private let settings = #"""
    {"crop_size": {"height": 16, "width": 16}, "do_center_crop": true, "image_mean": [0.5, 0.4, 0.3],
     "image_processor_type": "CLIPImageProcessorFast", "image_std": [0.2, 0.3, 0.4], "resample": 2,
     "size": {"shortest_edge": 16, "longest_edge": null}}
    """#

  @Test(arguments: [false, true]) func theTokenizerIsTheSame(asPairs: Bool) throws {
    try CLIPFolder.with { folder in
      try folder.writeDescription(asPairs: asPairs)
      let old = try #require(try BytePairTokenizer.load(folder: folder.path))
      // One half of the old pair may be left.
      try folder.remove("merges.txt")
      let new = try #require(try BytePairTokenizer.load(folder: folder.path))
      #expect(new.count == old.count && new.end == old.end)
      let golden = try Files.read(fixture("Goldens/bpe.json"))
      for item in try JSONDecoder().decode([Case].self, from: golden) {
        #expect(new.encode(item.text) == item.ids, "\(item.text.debugDescription)")
      }
    }
  }

  @Test func theTeacherIsTheSame() throws {
    try CLIPFolder.with { folder in
      try folder.write("preprocessor_config.json", settings)
      let old = try CLIPTeacher.load(folder: folder.path)
      try folder.writeDescription(asPairs: true)
      for name in ["vocab.json", "merges.txt", "preprocessor_config.json"] {
        try folder.remove(name)
      }
      try folder.write(
        "processor_config.json",
        "{\"image_processor\": \(settings), \"processor_class\": \"CLIPProcessor\"}")
      let new = try CLIPTeacher.load(folder: folder.path)
      #expect(new.preprocessing == old.preprocessing && new.preprocessing.filter == .bilinear)
      let names = ["cat", "Dog"]
      #expect(try new.embed(names: names).array == old.embed(names: names).array)
      let teacher = try TeacherFolder(path: folder.path)
      #expect(teacher.family == .clip && teacher.assumption == nil)
      let files = try teacher.files().map { ($0 as NSString).lastPathComponent }
      #expect(files.contains("processor_config.json") && files.contains("tokenizer.json"))
    }
  }

  /// A folder that has both files is told by the older one, as before there was another.
  @Test func theOwnFileCounts() throws {
    try CLIPFolder.with { folder in
      try folder.write("preprocessor_config.json", settings)
      try folder.write("processor_config.json", #"{"image_processor": {"resample": 7}}"#)
      #expect(try CLIPTeacher.load(folder: folder.path).preprocessing.filter == .bilinear)
      let files = try TeacherFolder(path: folder.path).files()
      #expect(!files.contains { $0.hasSuffix("/processor_config.json") })
    }
  }

  @Test func aLIGNsSettingsAreRead() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/processor_config.json"
      let settings = #"{"size": {"height": 64, "width": 64}, "resample": 2, "include_top": false}"#
      try Files.write(Data("{\"image_processor\": \(settings)}".utf8), to: path)
      let new = try Preprocessing.align(folder: folder, imageSize: 289)
      try Files.write(Data(settings.utf8), to: "\(folder)/preprocessor_config.json")
      #expect(try Preprocessing.align(folder: folder, imageSize: 289) == new && new.size == 64)
    }
  }

  /// Without a file that tells, or with one that does not, it is said what is assumed.
  @Test(arguments: [nil, #"{"processor_class": "CLIPProcessor"}"#, "[]"])
  func whatIsAssumedIsSaid(file: String?) throws {
    try CLIPFolder.with { folder in
      if let file { try folder.write("processor_config.json", file) }
      let assumption = try TeacherFolder(path: folder.path).assumption
      #expect(assumption?.contains("CLIP's authors") == true)
      #expect(assumption?.contains("preprocessor_config.json") == true)
      var standard = Preprocessing.clip(size: 16)
      standard.fit = .squash
      #expect(try CLIPTeacher.load(folder: folder.path).preprocessing == standard)
    }
  }

  @Test(arguments: [
    ("[1]", "not a byte-pair tokenizer"),
    (#"{"model": {"vocab": {}}}"#, "not a byte-pair tokenizer"),
    (#"{"model": {"type": "WordPiece", "vocab": {}, "merges": []}}"#, "not CLIP's tokenizer"),
    (
      #"{"model": {"vocab": {}, "merges": []}, "normalizer": {"type": "NFC"}}"#,
      "a tokenizer that keeps case"
    ),
    (#"{"model": {"vocab": {}, "merges": ["a b c"]}}"#, "not a byte pair, model.merges[0]"),
    (#"{"model": {"vocab": {}, "merges": [["a"]]}}"#, "not a byte pair, model.merges[0]"),
    (
      #"{"model": {"vocab": {"x": 9223372036854775807}, "merges": []}}"#,
      "the id of token 'x' is out of range"
    ),
    (#"{"model": {"vocab": {"x": 1}, "merges": []}}"#, "the vocabulary has no token '\u{100}'"),
  ])
  func anotherTokenizerIsRefused(text: String, what: String) throws {
    try withTemporaryFolder { folder in
      try Files.write(Data(text.utf8), to: "\(folder)/tokenizer.json")
      let error = #expect(throws: InputError.self) { try BytePairTokenizer.load(folder: folder) }
      #expect(error?.what == what && error?.kind == .badData)
      #expect(error?.place == "\(folder)/tokenizer.json")
    }
  }
}
