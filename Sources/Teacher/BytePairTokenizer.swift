import Support

/// CLIP's lower-case tokenizer: words, cut into bytes, which are joined pair by pair in the order
/// the vocabulary learnt (Sennrich et al., 2016; Radford et al., 2021).
///
/// Gives the ids of OpenAI's own code; `cleaned` says where its text clean-up ends.
public struct BytePairTokenizer: Sendable {
  /// Two neighbouring tokens that become one.
  private struct Merge {
    /// Lower ones come first.
    var rank: Int32
    var id: Int32
  }

  private let merges: [UInt64: Merge]
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
    var merges = [UInt64: Merge](minimumCapacity: pairs.count)
    for (rank, (left, right)) in pairs.enumerated() {
      let pair = Self.key(Int32(try id(String(left))), Int32(try id(String(right))))
      if merges[pair] != nil { continue }
      merges[pair] = Merge(rank: Int32(rank), id: Int32(try id("\(left)\(right)")))
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

  /// Joins the pair of the lowest rank, the leftmost first, until none is left. Takes time in
  /// proportion to n log n.
  private func append(_ word: [UInt8], to tokens: inout [Int]) {
    guard let last = word.last else { return }
    var parts = word.map { bytes[Int($0)] }
    parts[parts.count - 1] = bytes[256 + Int(last)]
    // A joined pair stands at its left place; `after` and `before` skip the right one.
    var after = Array(1...parts.count)
    var before = Array(-1..<parts.count - 1)
    func merge(at place: Int) -> Merge? {
      after[place] < parts.count ? merges[Self.key(parts[place], parts[after[place]])] : nil
    }
    var candidates = Heap()
    func consider(_ place: Int) {
      guard place >= 0, let merge = merge(at: place) else { return }
      candidates.push(UInt64(merge.rank) << 32 | UInt64(place))
    }
    for place in parts.indices { consider(place) }
    while let candidate = candidates.pop() {
      let place = Int(candidate & 0xFFFF_FFFF)
      // One of the two may have been joined to another by now.
      guard parts[place] >= 0, let merge = merge(at: place), merge.rank == candidate >> 32 else {
        continue
      }
      parts[place] = merge.id
      parts[after[place]] = -1
      after[place] = after[after[place]]
      if after[place] < parts.count { before[after[place]] = place }
      consider(before[place])
      consider(place)
    }
    for part in parts where part >= 0 { tokens.append(Int(part)) }
  }

  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
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

/// Numbers, of which the smallest comes out first.
private struct Heap {
  private var numbers: [UInt64] = []

  mutating func push(_ number: UInt64) {
    var place = numbers.count
    numbers.append(number)
    while place > 0, numbers[(place - 1) / 2] > number {
      numbers[place] = numbers[(place - 1) / 2]
      place = (place - 1) / 2
    }
    numbers[place] = number
  }

  mutating func pop() -> UInt64? {
    guard let smallest = numbers.first, let number = numbers.popLast() else { return nil }
    if numbers.isEmpty { return smallest }
    var place = 0
    while 2 * place + 1 < numbers.count {
      var child = 2 * place + 1
      if child + 1 < numbers.count, numbers[child + 1] < numbers[child] { child += 1 }
      guard numbers[child] < number else { break }
      numbers[place] = numbers[child]
      place = child
    }
    numbers[place] = number
    return smallest
  }
}
