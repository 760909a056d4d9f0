import Foundation
import Support
import Teacher
import TestSupport
import Testing

@Suite struct WordPieceTests {
  private struct Case: Decodable {
    var text: String
    var ids: [Int]
  }

  @Test func idsOfAwkwardStrings() throws {
    let tokenizer = try WordPiece(vocabulary: fixture("Goldens/vocab.txt"))
    let golden = try Files.read(fixture("Goldens/wordpiece.json"))
    for item in try JSONDecoder().decode([Case].self, from: golden) {
      #expect(tokenizer.encode(item.text) == item.ids, "\(item.text.debugDescription)")
    }
  }

  /// un + ##aff + ##able, by hand: the longest piece wins, not the first in the vocabulary.
  @Test func longestPieceFirst() throws {
    let tokenizer = try WordPiece(
      tokens: ["[UNK]", "[CLS]", "[SEP]", "u", "##n", "un", "##a", "##aff", "##able"])
    #expect(tokenizer.encode("unaffable") == [1, 5, 7, 8, 2])
    #expect(tokenizer.encode("unb u") == [1, 0, 3, 2])
    #expect(tokenizer.count == 9)
  }

  @Test func carriageReturnsAreNotPartOfTokens() throws {
    try withTemporaryFolder { folder in
      try Files.write(Data("[UNK]\r\n[CLS]\r\n[SEP]\r\ncat\r\n".utf8), to: "\(folder)/vocab.txt")
      #expect(try WordPiece(vocabulary: "\(folder)/vocab.txt").encode("Cat") == [1, 3, 2])
    }
  }

  @Test func aFileThatIsNoVocabularyIsNamed() throws {
    try withTemporaryFolder { folder in
      try Files.write(Data("{}".utf8), to: "\(folder)/vocab.txt")
      let error = #expect(throws: InputError.self) {
        try WordPiece(vocabulary: "\(folder)/vocab.txt")
      }
      #expect(error?.place == "\(folder)/vocab.txt" && error?.kind == .badData)
    }
  }
}
