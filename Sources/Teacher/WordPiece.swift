import Foundation
public import Support

/// BERT's lower-case tokenizer: words, then the longest vocabulary pieces each word is made of
/// (Devlin et al., 2019).
///
/// Gives the ids of Hugging Face's `BertTokenizer(do_lower_case=True)`.
public struct WordPiece: Sendable {
  /// Bytes, not strings: Swift's strings compare equal when they are only canonically equivalent.
  private let ids: [[UInt8]: Int]
  private let start: Int
  private let end: Int
  private let unknown: Int
  /// The vocabulary's special tokens; in a text they stand for themselves.
  private let special: [(text: [Unicode.Scalar], id: Int)]
  /// Longer words are unknown.
  private static let longestWord = 100

  /// Reads `vocab.txt`: one token a line, its id the line number from 0.
  ///
  /// - Throws: `InputError` when the file cannot be read or lacks [CLS], [SEP] or [UNK].
  public init(vocabulary path: String) throws(InputError) {
    var lines = try Files.read(path).split(separator: 0x0A, omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    try self.init(
      tokens: lines.map { $0.last == 0x0D ? Array($0.dropLast()) : Array($0) }, place: path)
  }

  /// A vocabulary in order of ids.
  ///
  /// - Throws: `InputError` when [CLS], [SEP] or [UNK] is missing.
  public init(tokens: [String]) throws(InputError) {
    try self.init(tokens: tokens.map { Array($0.utf8) }, place: nil)
  }

  init(tokens: [[UInt8]], place: String?) throws(InputError) {
    let ids = [[UInt8]: Int](zip(tokens, 0...), uniquingKeysWith: { $1 })
    func id(_ token: String) throws(InputError) -> Int {
      if let id = ids[Array(token.utf8)] { return id }
      throw InputError(
        .badData, "the vocabulary has no \(token)", at: place,
        expected: "BERT's vocab.txt, one token a line", got: "\(tokens.count) tokens")
    }
    (start, end, unknown) = (try id("[CLS]"), try id("[SEP]"), try id("[UNK]"))
    special = ["[CLS]", "[SEP]", "[UNK]", "[PAD]", "[MASK]"].compactMap { token in
      ids[Array(token.utf8)].map { (Array(token.unicodeScalars), $0) }
    }
    self.ids = ids
  }

  /// How many ids there are.
  public var count: Int { (ids.values.max() ?? -1) + 1 }

  /// The ids of `text` between [CLS] and [SEP]; never cut short.
  public func encode(_ text: String) -> [Int] {
    var tokens = [start]
    var plain = String.UnicodeScalarView()
    var rest = Array(text.unicodeScalars)[...]
    func flush() {
      for word in Self.words(of: plain) { tokens += pieces(of: word) }
      plain.removeAll()
    }
    while let scalar = rest.first {
      if scalar == "[", let token = special.first(where: { rest.starts(with: $0.text) }) {
        flush()
        tokens.append(token.id)
        rest = rest.dropFirst(token.text.count)
      } else {
        plain.append(scalar)
        rest = rest.dropFirst()
      }
    }
    flush()
    return tokens + [end]
  }

  /// Greedy: the longest piece first; a word with a part that is no piece is unknown as a whole.
  private func pieces(of word: String.UnicodeScalarView) -> [Int] {
    guard word.count <= Self.longestWord else { return [unknown] }
    let bytes = Array(String(word).utf8)
    var found: [Int] = []
    var from = 0
    while from < bytes.count {
      let prefix = from == 0 ? [] : Array("##".utf8)
      let piece = stride(from: bytes.count, to: from, by: -1).lazy
        .compactMap { end in ids[prefix + bytes[from..<end]].map { (id: $0, end: end) } }.first
      guard let piece else { return [unknown] }
      found.append(piece.id)
      from = piece.end
    }
    return found
  }
}

extension WordPiece {
  /// Basic tokenisation: control characters out, accents stripped, lower case; words end at white
  /// space, and each punctuation mark and each Chinese character is a word.
  static func words(of text: String.UnicodeScalarView) -> [String.UnicodeScalarView] {
    var words: [String.UnicodeScalarView] = []
    var word = String.UnicodeScalarView()
    func finish() {
      if !word.isEmpty { words.append(word) }
      word.removeAll()
    }
    for scalar in lowerCased(text) {
      if scalar.properties.isWhitespace {
        finish()
      } else if scalar.isPunctuation || scalar.isChinese {
        finish()
        words.append(String.UnicodeScalarView([scalar]))
      } else {
        word.append(scalar)
      }
    }
    finish()
    return words
  }

  private static func lowerCased(_ text: String.UnicodeScalarView) -> String.UnicodeScalarView {
    let kept = text.filter { $0 != "\u{FFFD}" && !$0.isControl }
    var lower = String.UnicodeScalarView()
    let decomposed = String(String.UnicodeScalarView(kept)).decomposedStringWithCanonicalMapping
      .unicodeScalars
    for scalar in decomposed where scalar.properties.generalCategory != .nonspacingMark {
      // Scalar by scalar: a final sigma is lower-cased like any other.
      lower.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
    }
    return lower
  }
}

extension Unicode.Scalar {
  fileprivate var isControl: Bool {
    if self == "\t" || self == "\n" || self == "\r" { return false }
    switch properties.generalCategory {
    case .control, .format, .privateUse, .surrogate: return true
    default: return false
    }
  }

  fileprivate var isPunctuation: Bool {
    switch value {
    // All of ASCII's marks, also those Unicode calls symbols.
    case 33...47, 58...64, 91...96, 123...126: return true
    default: break
    }
    switch properties.generalCategory {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
      .initialPunctuation, .finalPunctuation, .otherPunctuation:
      return true
    default: return false
    }
  }

  /// The blocks BERT separates; Japanese kana and Korean are written as words.
  fileprivate var isChinese: Bool {
    switch value {
    case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F,
      0x2B740...0x2B81F, 0x2B820...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
      return true
    default: return false
    }
  }
}
