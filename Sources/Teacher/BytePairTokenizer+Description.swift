import Foundation
public import Support

extension BytePairTokenizer {
  /// Reads `tokenizer.json`, the form of Hugging Face's tokenizers library, which is all that
  /// transformers writes since version 5.
  ///
  /// - Throws: `InputError` when the file cannot be read or describes another tokenizer than CLIP's.
  public init(description path: String) throws(InputError) {
    let data = try Files.read(path)
    func wrong(_ what: String, _ expected: String, _ got: String? = nil) -> InputError {
      InputError(.badData, what, at: path, expected: expected, got: got)
    }
    guard let tokenizer = try? JSONDecoder().decode(Description.self, from: data) else {
      throw wrong("not a byte-pair tokenizer", "a model with vocab and merges")
    }
    let model = tokenizer.model
    guard model.type ?? "BPE" == "BPE", model.end_of_word_suffix ?? Self.wordEnd == Self.wordEnd
    else {
      throw wrong(
        "not CLIP's tokenizer", "model.type BPE with the suffix \(Self.wordEnd)",
        "\(model.type ?? "BPE") with '\(model.end_of_word_suffix ?? "")'")
    }
    guard tokenizer.normalizer?.lowersCase ?? true else {
      throw wrong("a tokenizer that keeps case", "CLIP's, in lower case")
    }
    var ids = model.vocab
    for token in tokenizer.added_tokens ?? [] where ids[token.content] == nil {
      ids[token.content] = token.id
    }
    var pairs: [(Substring, Substring)] = []
    pairs.reserveCapacity(model.merges.lists.count)
    for (number, parts) in model.merges.lists.enumerated() {
      guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
        throw wrong(
          "not a byte pair, model.merges[\(number)]", "two tokens",
          "'\(parts.joined(separator: " ").prefix(40))'")
      }
      pairs.append((parts[0], parts[1]))
    }
    try self.init(ids: ids, pairs: pairs, place: path)
  }

  /// The keys of the file, under their own names.
  private struct Description: Decodable {
    struct Model: Decodable {
      var type, end_of_word_suffix: String?
      var vocab: [String: Int]
      var merges: Merges
    }
    struct AddedToken: Decodable {
      var id: Int
      var content: String
    }
    var model: Model
    var normalizer: Normalizer?
    var added_tokens: [AddedToken]?
  }

  /// "a b" a merge, or ["a", "b"] since tokenizers 0.20.
  private struct Merges: Decodable {
    var lists: [[Substring]]

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let texts = try? container.decode([String].self) {
        lists = texts.map {
          $0.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
            .map(Substring.init)
        }
      } else {
        lists = try container.decode([[String]].self).map { $0.map { $0[...] } }
      }
    }
  }

  /// One, or several in a row.
  private struct Normalizer: Decodable {
    var type: String
    var normalizers: [Normalizer]?
    var lowercase: Bool?

    var lowersCase: Bool {
      type == "Lowercase" || lowercase == true || (normalizers ?? []).contains(where: \.lowersCase)
    }
  }
}
