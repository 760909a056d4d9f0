import Foundation
import Support

extension SentencePieceModel {
  /// Reads the library's own form, a message of Protocol Buffers.
  ///
  /// - Throws: `InputError` for a file that is missing or damaged, or another model than a unigram.
  init(path: String) throws(InputError) {
    let data = Array(try Files.read(path))
    var pieces: [Piece] = []
    var (kind, spellsBytes, hasSuffixSpaces) = (1, false, false)
    var normalizer = SentencePieceNormalizer()
    try ProtocolBuffer(data[...], place: path).forEachField { field throws(InputError) in
      switch field.number {
      case 1:
        var piece = Piece()
        try field.message.forEachField { part throws(InputError) in
          switch part.number {
          case 1: piece.text = Array(part.bytes)
          case 2: piece.score = part.float
          case 3:
            guard let kind = Kind(rawValue: part.integer) else {
              throw part.wrong("a piece of an unknown kind", "1...6", "\(part.integer)")
            }
            piece.kind = kind
          default: break
          }
        }
        pieces.append(piece)
      case 2:
        try field.message.forEachField { part throws(InputError) in
          switch part.number {
          case 3: kind = part.integer
          case 24: hasSuffixSpaces = part.integer != 0
          case 35: spellsBytes = part.integer != 0
          default: break
          }
        }
      case 3:
        try field.message.forEachField { part throws(InputError) in
          switch part.number {
          case 2 where !part.bytes.isEmpty:
            normalizer.map = try SentencePieceMap(Array(part.bytes), place: path)
          case 3: normalizer.addsSpace = part.integer != 0
          case 4: normalizer.collapsesSpaces = part.integer != 0
          case 5: normalizer.marksSpaces = part.integer != 0
          default: break
          }
        }
      default: break
      }
    }
    guard kind == 1, !hasSuffixSpaces else {
      let kinds = [1: "unigram", 2: "BPE", 3: "words", 4: "characters"]
      throw InputError(
        .badData, "an unknown tokenizer model", at: path,
        expected: "a unigram model with spaces before words",
        got: hasSuffixSpaces ? "spaces after words" : kinds[kind] ?? "kind \(kind)")
    }
    try self.init(pieces, normalizer: normalizer, spellsBytes: spellsBytes, place: path)
  }

  /// Takes the unigram model of a `tokenizer.json`.
  ///
  /// Its table of characters is read; what else it does to texts is the library's standard, or part
  /// of SigLIP's canonical form.
  /// - Throws: `InputError` for steps that are neither.
  init(_ description: TokenizerDescription) throws(InputError) {
    let known = ["Lowercase", "Precompiled", "Replace", "Strip", "Prepend"]
    var normalizer = SentencePieceNormalizer()
    for step in description.normalizers {
      guard known.contains(step.type) else {
        throw description.wrong(
          "unusable 'normalizer'", expected: known.joined(separator: ", "),
          got: step.type)
      }
      guard step.type == "Precompiled" else { continue }
      guard let text = step.precompiled_charsmap, let table = Data(base64Encoded: text) else {
        throw description.wrong("unusable 'precompiled_charsmap'", expected: "a table in base 64")
      }
      normalizer.map = try SentencePieceMap(Array(table), place: description.place)
    }
    let special = Set(description.addedTokens.filter { $0.special ?? false }.map(\.id))
    let pieces = description.pieces.enumerated().map { id, piece in
      Piece(
        text: piece.text, score: Float(piece.score),
        kind: id == description.unknownID
          ? .unknown : special.contains(id) ? .control : .normal)
    }
    try self.init(
      pieces, normalizer: normalizer, spellsBytes: description.spellsBytes,
      place: description.place)
  }
}
