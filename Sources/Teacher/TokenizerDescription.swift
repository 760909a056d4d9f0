import Datasets
import Foundation
import Support

/// `tokenizer.json`, the form of Hugging Face's tokenizers library, of a vocabulary in any script.
///
/// Tokens are bytes: as strings, Swift and its JSON decoder take a letter with its accent and the two
/// one after the other for equal, which are two tokens.
struct TokenizerDescription {
  /// One of the words that are found in a text before it is cut.
  struct AddedToken: Decodable {
    var id: Int
    var content: String
    var special, normalized, lstrip, rstrip, single_word: Bool?
  }

  /// What is done to a text before it is cut, or how it is split: one step, or several in a row.
  struct Step: Decodable {
    struct Pattern: Decodable {
      var String: String?
      var Regex: String?
    }
    var type: String
    var normalizers: [Step]?
    var pretokenizers: [Step]?
    var pattern: Pattern?
    var content: String?
    var precompiled_charsmap: String?

    /// The steps one after the other.
    var all: [Step] {
      let inner = (normalizers ?? []) + (pretokenizers ?? [])
      return type == "Sequence" ? inner.flatMap(\.all) : [self]
    }
  }

  /// What is put around a text.
  struct Template: Decodable {
    struct Part: Decodable {
      struct Name: Decodable { var id: String }
      var Sequence, SpecialToken: Name?
    }
    var type: String
    var single: [Part]?
  }

  private struct Head: Decodable {
    struct Model: Decodable {
      var type, continuing_subword_prefix, end_of_word_suffix: String?
      var byte_fallback: Bool?
      var unk_id: Int?
    }
    var model: Model
    var added_tokens: [AddedToken]?
    var normalizer, pre_tokenizer: Step?
    var post_processor: Template?
  }

  private let head: Head
  /// Where it comes from.
  let place: String
  /// Of a byte-pair model: tokens with their ids, and pairs in the order they are joined.
  private(set) var vocabulary: [[UInt8]: Int] = [:]
  private(set) var merges: [(left: [UInt8], right: [UInt8])] = []
  /// Of a unigram model: tokens by id.
  private(set) var pieces: [(text: [UInt8], score: Double)] = []

  /// - Throws: `InputError` when the file cannot be read or has not the form.
  init(path: String) throws(InputError) {
    let data = try Files.read(path)
    place = path
    guard let head = try? JSONDecoder().decode(Head.self, from: data) else {
      throw InputError(
        .badData, "not a tokenizer", at: path,
        expected: "a tokenizer.json with model, normalizer, pre_tokenizer and post_processor")
    }
    self.head = head
    var cursor = JSONCursor(contents: Array(data), of: path)
    try cursor.readObject { cursor, key throws(InputError) in
      guard key == "model" else { return try cursor.skipValue() }
      try cursor.readObject { cursor, key throws(InputError) in
        switch (key, head.model.type) {
        case ("vocab", "BPE"): try readVocabulary(&cursor)
        case ("merges", "BPE"): try readMerges(&cursor)
        case ("vocab", "Unigram"): try readPieces(&cursor)
        default: try cursor.skipValue()
        }
      }
    }
  }

  private mutating func readVocabulary(_ cursor: inout JSONCursor) throws(InputError) {
    try cursor.readObject { cursor, token throws(InputError) in
      let id = try cursor.readInt()
      guard 0..<(1 << 24) ~= id else {
        throw cursor.fault("the id is out of range", expected: "0..<\(1 << 24)", got: "\(id)")
      }
      vocabulary[Array(token.utf8)] = id
    }
  }

  /// ["a", "b"] a merge, or "a b" before tokenizers 0.20.
  private mutating func readMerges(_ cursor: inout JSONCursor) throws(InputError) {
    try cursor.readArray { cursor, _ throws(InputError) in
      var parts: [[UInt8]] = []
      if cursor.next == UInt8(ascii: "[") {
        try cursor.readArray { cursor, _ throws(InputError) in
          parts.append(Array(try cursor.readString().utf8))
        }
      } else {
        parts = try cursor.readString().utf8
          .split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false).map { Array($0) }
      }
      guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
        throw cursor.fault("not a byte pair", expected: "two tokens")
      }
      merges.append((parts[0], parts[1]))
    }
  }

  private mutating func readPieces(_ cursor: inout JSONCursor) throws(InputError) {
    try cursor.readArray { cursor, _ throws(InputError) in
      var (text, score) = ([UInt8]?.none, Double?.none)
      try cursor.readArray { cursor, place throws(InputError) in
        switch place {
        case 0: text = Array(try cursor.readString().utf8)
        case 1: score = try cursor.readDouble()
        default: try cursor.skipValue()
        }
      }
      guard let text, let score else {
        throw cursor.fault("not a piece", expected: "a text and its score")
      }
      pieces.append((text, score))
    }
  }

  /// `model.type`.
  var type: String? { head.model.type }
  /// The id of the token of characters that the vocabulary has not, in a unigram model.
  var unknownID: Int? { head.model.unk_id }
  /// Whether such characters are spelt in bytes.
  var spellsBytes: Bool { head.model.byte_fallback ?? false }
  /// What tokens inside a word, or at its end, have before or after them.
  var affix: String? {
    [head.model.continuing_subword_prefix, head.model.end_of_word_suffix].compactMap(\.self)
      .first { !$0.isEmpty }
  }
  var addedTokens: [AddedToken] { head.added_tokens ?? [] }
  /// What is done to a text first.
  var normalizers: [Step] { head.normalizer?.all ?? [] }
  /// How a text is split before it is cut.
  var splits: [Step] { head.pre_tokenizer?.all ?? [] }

  /// Special tokens around a text, which is "A", one after the other; nil where nothing is said.
  var template: [String]? {
    head.post_processor?.single?.map { $0.SpecialToken?.id ?? $0.Sequence?.id ?? "?" }
  }

  /// An error about the file.
  func wrong(_ what: String, expected: String, got: String? = nil) -> InputError {
    InputError(.badData, what, at: place, expected: expected, got: got)
  }
}
