import Foundation
import Support
import Teacher
import TestSupport
import Testing

@Suite struct BytePairTokenizerTests {
  private struct Case: Decodable {
    var text: String
    var plain: String?
    var ids: [Int]
  }

  private let tokenizer: BytePairTokenizer
  private static let gzipped = fixture("Goldens/bpe-merges.txt.gz")

  init() throws {
    tokenizer = try #require(try BytePairTokenizer.load(folder: fixture("Goldens/bpe")))
  }

  @Test func idsOfAwkwardStrings() throws {
    let golden = try Files.read(fixture("Goldens/bpe.json"))
    let cases = try JSONDecoder().decode([Case].self, from: golden)
    #expect(cases.count == 32)
    for item in cases {
      #expect(tokenizer.encode(item.text) == item.ids, "\(item.text.debugDescription)")
      #expect(tokenizer.encode(item.plain ?? "") == item.ids, "\(item.plain.debugDescription)")
    }
  }

  @Test func theSingleFileIsTheSameTokenizer() throws {
    let single = try BytePairTokenizer(gzippedMerges: Self.gzipped)
    #expect(single.count == tokenizer.count && single.count == 512 + 160 + 2)
    let golden = try Files.read(fixture("Goldens/bpe.json"))
    for item in try JSONDecoder().decode([Case].self, from: golden) {
      #expect(single.encode(item.text) == item.ids, "\(item.text.debugDescription)")
    }
  }

  /// OpenAI's vocabulary. The golden has 77 places, filled up with zeros; the longest text takes
  /// exactly as many.
  @Test(.enabled(if: Shared.has("parity/clip-bpe-golden.json")))
  func idsOfOpenAIsVocabulary() throws {
    let clip = try BytePairTokenizer(
      gzippedMerges: Shared.path("parity/\(BytePairTokenizer.mergesFileName)"))
    #expect(clip.count == 49408)
    let golden = try Files.read(Shared.path("parity/clip-bpe-golden.json"))
    let cases = try JSONDecoder().decode([Case].self, from: golden)
    #expect(cases.count == 14)
    for item in cases {
      let ids = clip.encode(item.text)
      #expect(ids.count <= 77, "\(item.text.debugDescription)")
      let zeros = Array(repeating: 0, count: max(0, 77 - ids.count))
      #expect(ids + zeros == item.ids, "\(item.text.debugDescription)")
    }
  }

  @Test func aFolderWithoutATokenizerHasNone() throws {
    try withTemporaryFolder { folder in
      #expect(try BytePairTokenizer.load(folder: folder) == nil)
      try Files.write(Data("#version: 0.2\n".utf8), to: "\(folder)/merges.txt")
      let error = #expect(throws: InputError.self) { try BytePairTokenizer.load(folder: folder) }
      #expect(error?.kind == .missingInput && error?.got == "merges.txt")
    }
  }

  /// Every byte changed or everything after it missing: an error, or the same tokenizer where gzip
  /// ignores the byte. Never a crash.
  @Test func damagedGzipFilesAreErrors() throws {
    let whole = try Files.read(Self.gzipped)
    try withTemporaryFolder { folder in
      let path = "\(folder)/\(BytePairTokenizer.mergesFileName)"
      for place in stride(from: 0, to: whole.count, by: 31) {
        try Files.write(whole.prefix(place), to: path)
        let error = #expect(throws: InputError.self) { try BytePairTokenizer.load(folder: folder) }
        #expect(error?.place == path && error?.kind == .badData)
        var damaged = whole
        damaged[place] ^= 0x10
        try Files.write(damaged, to: path)
        if let same = try? BytePairTokenizer.load(folder: folder) {
          #expect(same.encode("a photo") == tokenizer.encode("a photo"))
        }
      }
      try Files.write(Data("#version: 0.2\nt h\n".utf8), to: path)
      let error = #expect(throws: InputError.self) { try BytePairTokenizer.load(folder: folder) }
      #expect(error?.what == "the file is damaged or not gzip")
    }
  }

  @Test(
    arguments: [
      ("vocab.json", "[]", "not a vocabulary", nil),
      ("vocab.json", "{}", "the vocabulary has no token 'Ā'", nil),
      ("vocab.json", "{\"Ā\": -1}", "the id of token 'Ā' is out of range", nil),
      ("merges.txt", "#version: 0.2\nt h\nth\n", "not a byte pair", ":3"),
      ("merges.txt", "#version: 0.2\nzz zz\n", "the vocabulary has no token 'zz'", nil),
    ] as [(String, String, String, String?)])
  func aFileThatIsNoTokenizerIsNamed(
    name: String, content: String, what: String, line: String?
  ) throws {
    try withTemporaryFolder { folder in
      for part in ["vocab.json", "merges.txt"] {
        try Files.write(try Files.read(fixture("Goldens/bpe/\(part)")), to: "\(folder)/\(part)")
      }
      try Files.write(Data(content.utf8), to: "\(folder)/\(name)")
      let error = #expect(throws: InputError.self) { try BytePairTokenizer.load(folder: folder) }
      #expect(error?.what == what && error?.kind == .badData)
      #expect(line == nil || error?.place?.hasSuffix(line!) == true)
    }
  }
}
