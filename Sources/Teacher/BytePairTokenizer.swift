import Support

/// CLIP's lower-case tokenizer: words, cut into bytes, which are joined pair by pair in the order
/// the vocabulary learnt (Sennrich et al., 2016; Radford et al., 2021).
///
/// Gives the ids of OpenAI's own code; `cleaned` says where its text clean-up ends.
public struct BytePairTokenizer: Sendable {
  private let merges: BytePairMerges
  /// The tokens of single bytes, 256 inside a word and 256 at its end.
  private let bytes: [Int32]
  private let start: Int
  /// The id that ends every text.
  public let end: Int
  /// How many ids there are.
  public let count: Int

  /// Token texts as a file has them: bytes as in `letters`, `</w>` at the end of a word.
  ///
  /// - Parameters:
  ///   - ids: the id of each token's text, 0 or more.
  ///   - pairs: in the order they are to be joined.
  ///   - place: named in errors.
  /// - Throws: `InputError` for a token that is missing, or an id out of range.
  init(
    ids: [String: Int], pairs: [(Substring, Substring)], place: String
  ) throws(InputError) {
    func id(_ token: String) throws(InputError) -> Int {
      if let id = ids[token] { return id }
      throw InputError(
        .badData, "the vocabulary has no token '\(token.prefix(60))'", at: place,
        expected: "CLIP's byte-pair vocabulary", got: "\(ids.count) tokens")
    }
    let outside = ids.filter { !(0..<(1 << 24) ~= $0.value) }
    if let (token, id) = outside.min(by: { $0.key < $1.key }) {
      throw InputError(
        .badData, "the id of token '\(token.prefix(60))' is out of range", at: place,
        expected: "0..<\(1 << 24)", got: "\(id)")
    }
    var bytes: [Int32] = []
    for ending in ["", Self.wordEnd] {
      for letter in Self.letters { bytes.append(Int32(try id("\(letter)\(ending)"))) }
    }
    var merges = BytePairMerges(capacity: pairs.count)
    for (left, right) in pairs {
      merges.append(
        Int32(try id(String(left))), Int32(try id(String(right))),
        becomes: Int32(try id("\(left)\(right)")))
    }
    (start, end) = (try id(Self.startOfText), try id(Self.endOfText))
    count = (ids.values.max() ?? -1) + 1
    (self.bytes, self.merges) = (bytes, merges)
  }

  package static let startOfText = "<|startoftext|>"
  package static let endOfText = "<|endoftext|>"
  package static let wordEnd = "</w>"

  /// The ids of `text` between start and end; never cut short.
  public func encode(_ text: String) -> [Int] {
    var tokens = [start]
    Self.forEachWord(of: Self.cleaned(text)) { word in
      switch word {
      case .start: tokens.append(start)
      case .end: tokens.append(end)
      case .bytes(let word): append(word, to: &tokens)
      }
    }
    tokens.append(end)
    return tokens
  }

  private func append(_ word: [UInt8], to tokens: inout [Int]) {
    guard let last = word.last else { return }
    var parts = word.map { bytes[Int($0)] }
    parts[parts.count - 1] = bytes[256 + Int(last)]
    tokens += merges.joined(parts)
  }
}

extension BytePairTokenizer {
  /// How a byte is written in the files: the printable ones of Latin-1 as themselves, the others by
  /// the characters from U+0100 on.
  package static let letters: [Unicode.Scalar] = {
    var next: UInt32 = 0x100
    return (0...255).map { byte in
      if isPrintable(byte) { return Unicode.Scalar(UInt8(byte)) }
      defer { next += 1 }
      // Always there: 68 letters of Latin Extended-A.
      return Unicode.Scalar(next) ?? "\u{FFFD}"
    }
  }()

  /// The letters in the order of their ids: printable bytes, then the others.
  package static let lettersInOrder: [Unicode.Scalar] =
    (0...255).filter(isPrintable).map { letters[$0] }
    + (0...255).filter { !isPrintable($0) }.map { letters[$0] }

  private static func isPrintable(_ byte: Int) -> Bool {
    switch byte {
    case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: true
    default: false
    }
  }
}
