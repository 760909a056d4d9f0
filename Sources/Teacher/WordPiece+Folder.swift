import Foundation
public import Support

extension WordPiece {
  /// Reads the tokenizer of a published folder: `vocab.txt`, or `tokenizer.json` where that is all
  /// there is.
  ///
  /// - Throws: `InputError` when neither is there, or for another tokenizer than BERT's in lower
  ///   case.
  public init(folder: String) throws(InputError) {
    let configuration = try TokenizerConfiguration(folder: folder)
    guard configuration.doLowerCase ?? true, configuration.stripAccents ?? true else {
      throw InputError(
        .badData, "a tokenizer that keeps case or accents",
        at: "\(folder)/tokenizer_config.json", expected: "BERT's, in lower case")
    }
    let list = "\(folder)/vocab.txt"
    let description = "\(folder)/tokenizer.json"
    if Files.exists(list) || !Files.exists(description) {
      try self.init(vocabulary: list)
    } else {
      try self.init(description: description)
    }
  }

  /// Reads `tokenizer.json`, the form of Hugging Face's tokenizers library.
  ///
  /// - Throws: `InputError` when the file cannot be read or describes another tokenizer.
  public init(description path: String) throws(InputError) {
    let data = try Files.read(path)
    func wrong(_ what: String, _ expected: String? = nil) -> InputError {
      InputError(.badData, what, at: path, expected: expected)
    }
    let decoder = JSONDecoder()
    guard let tokenizer = try? decoder.decode(Description.self, from: data) else {
      throw wrong("not a WordPiece tokenizer", "a model with a vocabulary and a BertNormalizer")
    }
    let (model, normalizer) = (tokenizer.model, tokenizer.normalizer)
    guard model.type ?? "WordPiece" == "WordPiece", model.continuingSubwordPrefix == "##" else {
      throw wrong("not a WordPiece tokenizer", "model.type WordPiece with the prefix ##")
    }
    guard normalizer.type == "BertNormalizer", normalizer.lowercase,
      normalizer.stripAccents ?? true
    else { throw wrong("a tokenizer that keeps case or accents", "BERT's, in lower case") }
    let tokens = model.vocab.sorted { $0.value < $1.value }
    guard tokens.map(\.value) == Array(tokens.indices) else {
      throw wrong("token ids have gaps", "each of 0...\(tokens.count - 1) once")
    }
    try self.init(tokens: tokens.map { Array($0.key.utf8) }, place: path)
  }

  private struct Description: Decodable {
    struct Model: Decodable {
      var type: String?
      var continuingSubwordPrefix: String
      var vocab: [String: Int]

      enum CodingKeys: String, CodingKey {
        case type, vocab
        case continuingSubwordPrefix = "continuing_subword_prefix"
      }
    }
    struct Normalizer: Decodable {
      var type: String
      var lowercase: Bool
      var stripAccents: Bool?

      enum CodingKeys: String, CodingKey {
        case type, lowercase
        case stripAccents = "strip_accents"
      }
    }
    var model: Model
    var normalizer: Normalizer
  }
}

/// What is used of `tokenizer_config.json`; a folder may do without it.
struct TokenizerConfiguration: Decodable {
  /// The most tokens of a text; a number past all integers where there is no such limit.
  var modelMaxLength: Double?
  var doLowerCase, stripAccents: Bool?
  /// Where texts of a batch are filled up: "right" or "left".
  var paddingSide: String?

  init(folder: String) throws(InputError) {
    let path = "\(folder)/tokenizer_config.json"
    guard Files.exists(path) else { return }
    let data = try Files.read(path)
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do {
      self = try decoder.decode(Self.self, from: data)
    } catch {
      throw InputError(.badData, "not a tokenizer's configuration", at: path)
    }
  }
}
