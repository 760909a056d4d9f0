import Support

/// SigLIP's tokenizer: a canonical text in the pieces of a SentencePiece model, and an end.
///
/// Gives the ids of transformers' SiglipTokenizer, except that the names of special tokens, written
/// out in a text, are text.
struct SigLIPPieces: SigLIPTokenizing {
  private let model: SentencePieceModel
  private let end: Int
  /// Written before a text and taken away again, so that the text begins as a word inside a line.
  private static let unknown = "<unk>"
  private let unknownLength: Int

  /// - Throws: `InputError` for a model without an end of text.
  init(_ model: SentencePieceModel) throws(InputError) {
    guard let end = model.id(of: "</s>") else {
      throw InputError(
        .badData, "the tokenizer has no piece '</s>', which ends a text", at: model.place)
    }
    (self.model, self.end) = (model, end)
    unknownLength = model.encode(Self.unknown).count
  }

  /// Of a text's end, which also fills it up.
  var padding: Int { end }

  var count: Int { model.count }

  var description: String { "SentencePiece, \(count) pieces, lower case without punctuation" }

  func encode(_ text: String) -> [Int] {
    let space = "\u{2581}"
    // A space of the model's own begins the text; others in it are spaces.
    let scalars = text.unicodeScalars.map { $0 == "\u{2581}" ? " " : $0 }
    var canonical = space
    canonical.unicodeScalars.append(contentsOf: scalars)
    canonical = canonical.canonicalForSigLIP
    return model.encode(Self.unknown + canonical).dropFirst(unknownLength) + [end]
  }
}
