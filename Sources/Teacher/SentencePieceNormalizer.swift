import Support

/// What SentencePiece does to a text before it is cut: characters are replaced by a table, spaces
/// collapsed, trimmed and written as U+2581.
struct SentencePieceNormalizer: Sendable {
  /// Which characters become which; nil leaves them.
  var map: SentencePieceMap?
  /// Whether a text begins with a space.
  var addsSpace = true
  /// Whether spaces at both ends go, and several become one.
  var collapsesSpaces = true
  /// Whether a space is written as U+2581.
  var marksSpaces = true
  /// Pieces that stay as they are.
  var kept = PrefixTable([])

  private static let mark = Array("\u{2581}".utf8)

  /// - Parameter text: UTF-8.
  func callAsFunction(_ text: [UInt8]) -> [UInt8] {
    let space: [UInt8] = marksSpaces ? Self.mark : [0x20]
    var clean: [UInt8] = []
    var rest = text[...]
    if collapsesSpaces {
      while !rest.isEmpty {
        let (part, length) = replacement(for: rest)
        guard part == [0x20] else { break }
        rest = rest.dropFirst(length)
      }
    }
    if rest.isEmpty { return [] }
    if addsSpace { clean += space }
    var endsInSpace = collapsesSpaces
    while !rest.isEmpty {
      let (found, length) = replacement(for: rest)
      rest = rest.dropFirst(length)
      let part = endsInSpace ? found.drop { $0 == 0x20 } : found
      for byte in part {
        if byte == 0x20 { clean += space } else { clean.append(byte) }
      }
      if let last = part.last { endsInSpace = last == 0x20 }
      if !collapsesSpaces { endsInSpace = false }
    }
    if collapsesSpaces {
      while clean.suffix(space.count).elementsEqual(space) { clean.removeLast(space.count) }
    }
    return clean
  }

  /// What becomes of the beginning of `text`, and how many bytes of it that is.
  private func replacement(for text: ArraySlice<UInt8>) -> (ArraySlice<UInt8>, Int) {
    var length = 0
    kept.forEachPrefix(of: text) { found, _ in length = found }
    if length > 0 { return (text.prefix(length), length) }
    if let found = map?.longest(of: text) { return found }
    let character = utf8Length(text[text.startIndex])
    return (text.prefix(character), min(character, text.count))
  }
}

/// The table of a SentencePiece model, as it is stored: a double array (Aoe, 1989) in the units of
/// Darts-clone, and the replacements, each ended by a zero.
struct SentencePieceMap: Sendable {
  private let units: [UInt32]
  private let texts: [UInt8]

  /// - Parameters:
  ///   - bytes: the number of bytes of the array, the array, the texts.
  ///   - place: named in errors.
  /// - Throws: `InputError` for a table that is cut short or damaged.
  init(_ bytes: [UInt8], place: String) throws(InputError) {
    func number(at place: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << (8 * UInt32($1)) }
    }
    let length = bytes.count < 4 ? 0 : Int(number(at: 0))
    guard length > 0, length % 4 == 0, 4 + length < bytes.count, bytes.last == 0 else {
      throw InputError(
        .badData, "the tokenizer's table of characters is damaged", at: place,
        expected: "an array and texts", got: bytes.count.counted("byte"))
    }
    units = (0..<length / 4).map { number(at: 4 + 4 * $0) }
    texts = Array(bytes[(4 + length)...])
  }

  /// What the longest beginning of `text` that is in the table becomes, and its length.
  func longest(of text: ArraySlice<UInt8>) -> (ArraySlice<UInt8>, Int)? {
    var found: (Int, Int)?
    var node = Self.offset(units[0])
    for (number, byte) in text.enumerated() {
      node ^= Int(byte)
      guard units.indices.contains(node) else { break }
      let unit = units[node]
      // The label of a unit that is a value has its highest bit set.
      guard unit & 0x8000_00FF == UInt32(byte) else { break }
      node ^= Self.offset(unit)
      if (unit >> 8) & 1 == 1, units.indices.contains(node) {
        found = (Int(units[node] & 0x7FFF_FFFF), number + 1)
      }
    }
    guard let (start, length) = found, start < texts.count else { return nil }
    return (texts[start...].prefix { $0 != 0 }, length)
  }

  private static func offset(_ unit: UInt32) -> Int { Int((unit >> 10) << ((unit >> 6) & 8)) }
}
