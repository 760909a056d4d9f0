import Support

/// A unigram model of SentencePiece (Kudo, 2018): a text is cut into the pieces whose scores sum
/// highest. Gives the ids of the library of that name.
struct SentencePieceModel: Sendable {
  /// What a piece is for, by its number in the file.
  enum Kind: Int {
    case normal = 1
    case unknown, control, userDefined, unused, byte
  }

  /// One piece; its id is its place.
  struct Piece {
    /// UTF-8.
    var text: [UInt8] = []
    var score: Float = 0
    var kind = Kind.normal
  }

  /// How texts are cleaned before they are cut.
  let normalizer: SentencePieceNormalizer
  /// Where the model comes from, for errors.
  let place: String
  private let scores: [Float]
  private let isUserDefined: [Bool]
  /// What a text may be cut into.
  private let table: PrefixTable
  private let ids: [[UInt8]: Int]
  private let unknown: Int
  /// The ids of single bytes, where unknown characters are spelt.
  private let bytes: [Int]?
  private let unknownScore, largestScore: Float

  /// - Parameters:
  ///   - pieces: by id.
  ///   - spellsBytes: whether unknown characters become their bytes.
  ///   - place: named in errors.
  /// - Throws: `InputError` for pieces that come twice, or of which one that is needed is missing.
  init(
    _ pieces: [Piece], normalizer: SentencePieceNormalizer, spellsBytes: Bool, place: String
  ) throws(InputError) {
    func wrong(_ what: String, _ expected: String) -> InputError {
      InputError(.badData, what, at: place, expected: expected)
    }
    guard let unknown = pieces.firstIndex(where: { $0.kind == .unknown }) else {
      throw wrong("the tokenizer has no unknown piece", "one, '<unk>'")
    }
    var ids = [[UInt8]: Int](minimumCapacity: pieces.count)
    for (id, piece) in pieces.enumerated() {
      guard ids.updateValue(id, forKey: piece.text) == nil, !piece.text.isEmpty else {
        throw wrong("piece \(id) of the tokenizer is empty or comes twice", "different pieces")
      }
    }
    let cuts = pieces.indices.filter { [.normal, .userDefined].contains(pieces[$0].kind) }
    table = PrefixTable(cuts.map { (pieces[$0].text, $0) })
    let normal = pieces.filter { $0.kind == .normal }.map(\.score)
    guard let least = normal.min(), let largest = normal.max() else {
      throw wrong("the tokenizer has no pieces", "a unigram model")
    }
    // As in the library: far below all others.
    (unknownScore, largestScore) = (least - 10, largest)
    bytes = spellsBytes ? try Self.bytes(ids, place) : nil
    scores = pieces.map(\.score)
    isUserDefined = pieces.map { $0.kind == .userDefined }
    (self.ids, self.unknown, self.place) = (ids, unknown, place)
    var normalizer = normalizer
    normalizer.kept = PrefixTable(
      cuts.filter { pieces[$0].kind == .userDefined }.map { (pieces[$0].text, $0) })
    self.normalizer = normalizer
  }

  /// The ids of single bytes.
  private static func bytes(
    _ ids: [[UInt8]: Int], _ place: String
  ) throws(InputError) -> [Int] {
    try (UInt8.min...UInt8.max).map { byte throws(InputError) in
      let name = byte.spelt
      guard let id = ids[Array(name.utf8)] else {
        throw InputError(
          .badData, "the tokenizer has no piece '\(name)'", at: place,
          expected: "a piece for each byte")
      }
      return id
    }
  }

  /// How many pieces there are.
  var count: Int { scores.count }

  /// The id of a piece.
  func id(of piece: String) -> Int? { ids[Array(piece.utf8)] }

  /// The pieces of a text; neighbouring characters that none has are one unknown piece.
  func encode(_ text: String) -> [Int] {
    let text = normalizer(Array(text.utf8))
    var found: [Int] = []
    for (range, id) in cut(text) {
      if id != unknown {
        found.append(id)
      } else if let bytes {
        found += text[range].map { bytes[Int($0)] }
      } else if found.last != unknown {
        found.append(unknown)
      }
    }
    return found
  }

  /// The best way to a place of the text: its last piece, and the sum of scores.
  private struct Way {
    var start = -1
    var id = 0
    var score: Float = 0
  }

  /// Viterbi's algorithm; of equal sums the one whose last piece is longest.
  private func cut(_ text: [UInt8]) -> [(Range<Int>, Int)] {
    var ways = [Way](repeating: Way(), count: text.count + 1)
    func offer(_ id: Int, _ score: Float, _ range: Range<Int>) {
      let sum = score + ways[range.lowerBound].score
      if ways[range.upperBound].start < 0 || sum > ways[range.upperBound].score {
        ways[range.upperBound] = Way(start: range.lowerBound, id: id, score: sum)
      }
    }
    var start = 0
    while start < text.count {
      let end = min(text.count, start + utf8Length(text[start]))
      var hasCharacter = false
      table.forEachPrefix(of: text[start...]) { length, id in
        // A symbol of the user's comes before whatever could be made of it.
        let score = isUserDefined[id] ? Float(length) * largestScore - 0.1 : scores[id]
        offer(id, score, start..<start + length)
        if start + length == end { hasCharacter = true }
      }
      if !hasCharacter { offer(unknown, unknownScore, start..<end) }
      start = end
    }
    var cuts: [(Range<Int>, Int)] = []
    var end = text.count
    while end > 0 {
      cuts.append((ways[end].start..<end, ways[end].id))
      end = ways[end].start
    }
    return cuts.reversed()
  }
}

/// How many bytes a character has that begins with this one.
func utf8Length(_ byte: UInt8) -> Int {
  switch byte {
  case 0xC0..<0xE0: 2
  case 0xE0..<0xF0: 3
  case 0xF0...: 4
  default: 1
  }
}

extension UInt8 {
  /// As a token that stands for the byte: "<0x0A>".
  var spelt: String {
    let digits = String(self, radix: 16, uppercase: true)
    return "<0x\(digits.count < 2 ? "0" : "")\(digits)>"
  }
}
