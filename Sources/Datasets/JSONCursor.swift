import Support

/// Reads JSON front to back and says exactly where it is wrong: the file, and the path of the value
/// (`annotations[17].image_id`) or the line and column.
///
/// Values nobody asks for are passed over without being built; there only
/// strings and brackets are looked at. Nesting costs no stack. Of a file, a window of about a
/// megabyte is in memory; it grows for a longer string only.
struct JSONCursor {
  /// One step from a value to one inside it.
  enum Step {
    case key(String)
    case index(Int)
  }

  /// The window.
  private(set) var bytes: [UInt8]
  /// In the window.
  var position = 0
  /// Bytes of the text before the window.
  private var dropped = 0
  /// Where more comes from.
  private let text: DatasetText?
  private let chunk: Int
  /// Whether nothing comes after the window.
  private(set) var isLast = true
  /// What ended the text early.
  private var failure: InputError?
  private let file: String
  /// The line of a JSON Lines file that `bytes` is; nil for a whole file.
  private let line: Int?
  private var path: [Step] = []

  /// Whether `bytes` are a part of the file only, the value at the path it starts with.
  private let isPart: Bool

  /// - Parameter path: where in the file `bytes` stand, if they are a part of it.
  init(_ bytes: [UInt8], file: String, line: Int? = nil, at path: [Step] = []) {
    self.bytes = bytes
    self.file = file
    self.line = line
    self.path = path
    text = nil
    chunk = 0
    isPart = !path.isEmpty
    skipByteOrderMark()
  }

  /// Reads all of `text`.
  ///
  /// - Parameter chunk: bytes that are read at a time.
  init(_ text: DatasetText, chunk: Int = 1 << 20) {
    self.chunk = chunk
    bytes = []
    file = text.path
    line = nil
    isPart = false
    isLast = false
    self.text = text
    refill()
    skipByteOrderMark()
  }

  private mutating func skipByteOrderMark() {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  // MARK: The window

  /// Longer than any number or escaped character; a longer one is malformed.
  private static let reserve = 1 << 12

  /// The position in the text.
  var offset: Int { dropped + position }

  /// Drops what lies before the position, and reads on.
  mutating func refill() {
    guard !isLast, let text else { return }
    let passed = min(position, bytes.count)
    bytes.removeSubrange(..<passed)
    dropped += passed
    position -= passed
    do throws(InputError) {
      let start = dropped + bytes.count
      let part = try text[start..<start + chunk]
      isLast = part.count < chunk
      bytes += part
    } catch {
      failure = error
      isLast = true
    }
  }

  /// What comes next is in the window, as far as numbers and escaped characters go.
  mutating func look() {
    while bytes.count - position < Self.reserve, !isLast { refill() }
  }

  /// A part of the file that `whole` reads, the value of a key of the object it is at.
  init(_ bytes: [UInt8], within whole: JSONCursor, member: String) {
    self.init(bytes, file: whole.file, at: whole.path + [.key(member)])
  }

  // MARK: Containers

  /// Calls `member` at the value of each key; it must read or skip that value.
  mutating func readObject(
    _ member: (inout JSONCursor, String) throws(InputError) -> Void
  ) throws(InputError) {
    try open("{", "an object")
    if skip("}") { return }
    repeat {
      guard next == UInt8(ascii: "\"") else { throw malformed(expected: "a key in quotes") }
      let key = try readString()
      guard skip(":") else { throw malformed(expected: "':'") }
      path.append(.key(key))
      try member(&self, key)
      path.removeLast()
    } while skip(",")
    guard skip("}") else { throw malformed(expected: "',' or '}'") }
  }

  /// Calls `element` at each element with its index; it must read or skip that element.
  mutating func readArray(
    _ element: (inout JSONCursor, Int) throws(InputError) -> Void
  ) throws(InputError) {
    try open("[", "an array")
    if skip("]") { return }
    var index = 0
    repeat {
      path.append(.index(index))
      try element(&self, index)
      path.removeLast()
      index += 1
    } while skip(",")
    guard skip("]") else { throw malformed(expected: "',' or ']'") }
  }

  /// An array of values of one kind.
  mutating func readArray<Value>(
    of read: (inout JSONCursor) throws(InputError) -> Value
  ) throws(InputError) -> [Value] {
    var values: [Value] = []
    try readArray { cursor, _ throws(InputError) in values.append(try read(&cursor)) }
    return values
  }

  /// Goes to the value of a key of an object and leaves what follows unread; false where the object
  /// has no such key.
  mutating func find(_ wanted: String) throws(InputError) -> Bool {
    try open("{", "an object")
    if skip("}") { return false }
    repeat {
      guard next == UInt8(ascii: "\"") else { throw malformed(expected: "a key in quotes") }
      let key = try readString()
      guard skip(":") else { throw malformed(expected: "':'") }
      if key == wanted {
        path.append(.key(key))
        return true
      }
      try skipValue()
    } while skip(",")
    guard skip("}") else { throw malformed(expected: "',' or '}'") }
    return false
  }

  /// Nothing but white space may follow.
  mutating func expectEnd() throws(InputError) {
    if next != nil || failure != nil { throw malformed(expected: "nothing more") }
  }

  // MARK: Values

  mutating func readDouble() throws(InputError) -> Double {
    let start = try startOfNumber("a number")
    if let value = readShortDecimal() { return value }
    position = start
    let word = token
    // Double also reads hexadecimal, which JSON has not.
    guard !word.contains("x"), let value = Double(word), value.isFinite else {
      throw mistyped("a number")
    }
    position += word.utf8.count
    return value
  }

  mutating func readInt() throws(InputError) -> Int {
    _ = try startOfNumber("a whole number")
    var (index, value) = (position, 0)
    while index < bytes.count, index - position < 18, 0x30...0x39 ~= bytes[index] {
      value = value * 10 + Int(bytes[index] - 0x30)
      index += 1
    }
    if index > position, index == bytes.count || !Self.isWordByte(bytes[index]) {
      position = index
      return value
    }
    // A sign, or a number that is wrong or long.
    let word = token
    guard let value = Int(word) else { throw mistyped("a whole number") }
    position += word.utf8.count
    return value
  }

  /// `true`, `false`, 0 or 1.
  mutating func readFlag() throws(InputError) -> Bool {
    _ = next
    let word = token
    guard let value = ["true": true, "1": true, "false": false, "0": false][word] else {
      throw mistyped("0 or 1")
    }
    position += word.utf8.count
    return value
  }

  /// Passes over one value of any kind.
  ///
  /// - Parameter depth: how many brackets of it are open already.
  mutating func skipValue(from depth: Int = 0) throws(InputError) {
    var depth = depth
    if depth == 0 {
      switch next {
      case UInt8(ascii: "\""): return try skipString()
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth = 1
        position += 1
      default:
        let start = position
        while position < bytes.count, Self.isWordByte(bytes[position]) { position += 1 }
        guard position > start else { throw malformed(expected: "a value") }
      }
    }
    while depth > 0 {
      passPlainBytes()
      guard position < bytes.count else {
        guard isLast else {
          refill()
          continue
        }
        throw malformed(expected: "a value")
      }
      switch bytes[position] {
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      case UInt8(ascii: "\""):
        try skipString()
        continue
      default: throw malformed(expected: "a value")
      }
      position += 1
    }
  }

  /// Passes over numbers, words, white space and separators within the window.
  private mutating func passPlainBytes() {
    position += bytes.withUnsafeBufferPointer { bytes in
      Self.plain.withUnsafeBufferPointer { plain in
        var index = position
        while index < bytes.count, plain[Int(bytes[index])] { index += 1 }
        return index - position
      }
    }
  }

  private static let plain: [Bool] = (0...255).map { byte in
    isWordByte(byte) || " \n\r\t,:".utf8.contains(byte)
  }

  /// The first byte that is not white space; nil at the end.
  var next: UInt8? {
    mutating get {
      look()
      while true {
        while position < bytes.count {
          let byte = bytes[position]
          if byte > 0x20 || !(byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09) {
            look()
            return byte
          }
          position += 1
        }
        if isLast { return nil }
        refill()
      }
    }
  }

  // MARK: Errors

  /// An error about the value at the current path.
  func fault(
    _ what: String, member: String = "", expected: String? = nil, got: String? = nil,
    hint: String? = nil
  ) -> InputError {
    InputError(
      .badData, what, at: place(pathText + member), expected: expected, got: got, hint: hint)
  }

  /// The current path: `annotations[17].bbox`.
  private var pathText: String {
    var text = ""
    for step in path {
      switch step {
      case .key(let key): text += text.isEmpty ? key : ".\(key)"
      case .index(let index): text += "[\(index)]"
      }
    }
    return text
  }

  private func place(_ detail: String) -> String {
    let place = line.map { "\(file) line \($0)" } ?? file
    return detail.isEmpty ? place : "\(place): \(detail)"
  }

  func mistyped(_ expected: String) -> InputError {
    guard position < bytes.count else { return malformed(expected: expected) }
    let got = String(decoding: bytes[position...].prefix(24), as: UTF8.self)
    return fault("wrong value", expected: expected, got: got)
  }

  func malformed(expected: String) -> InputError {
    if let failure { return failure }
    let got =
      position < bytes.count
      ? String(decoding: bytes[position...].prefix(12), as: UTF8.self) : "the end"
    return InputError(
      .badData, "malformed JSON", at: place(isPart ? pathText : lineAndColumn), expected: expected,
      got: got)
  }

  /// Counted from the text's beginning: nobody counts lines while nothing is wrong.
  private var lineAndColumn: String {
    var (row, column) = (1, 1)
    func count(_ bytes: some Sequence<UInt8>) {
      for byte in bytes { (row, column) = byte == 0x0A ? (row + 1, 1) : (row, column + 1) }
    }
    for start in stride(from: 0, to: dropped, by: max(1, chunk)) {
      if let part = try? text?[start..<min(start + chunk, dropped)] { count(part) }
    }
    count(bytes.prefix(position))
    return line == nil ? "line \(row), column \(column)" : "column \(column)"
  }

  // MARK: Bytes

  private mutating func open(_ bracket: Unicode.Scalar, _ kind: String) throws(InputError) {
    guard next != nil else { throw malformed(expected: kind) }
    guard skip(bracket) else { throw mistyped(kind) }
  }

  private mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func startOfNumber(_ expected: String) throws(InputError) -> Int {
    guard let byte = next, byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte) else {
      throw mistyped(expected)
    }
    return position
  }

  /// The unquoted word at the position: a number, `true`, `NaN`.
  private var token: String {
    let rest = bytes[position...]
    return String(decoding: rest.prefix(while: Self.isWordByte), as: UTF8.self)
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "+"), UInt8(ascii: "-"),
      UInt8(ascii: "."):
      return true
    default: return false
    }
  }

  /// A decimal without exponent whose digits fit a double exactly: then one division by an exact
  /// power of ten rounds correctly (Clinger, 1990). Nil for all other numbers.
  private mutating func readShortDecimal() -> Double? {
    var index = position
    let negative = bytes[index] == UInt8(ascii: "-")
    if negative { index += 1 }
    var digits: UInt64 = 0
    var decimals = 0
    var pointSeen = false
    let start = index
    while index < bytes.count, index - start <= 16 {
      let byte = bytes[index]
      if (0x30...0x39).contains(byte) {
        digits = digits * 10 + UInt64(byte - 0x30)
        if pointSeen { decimals += 1 }
      } else if byte == UInt8(ascii: "."), !pointSeen, index > start {
        pointSeen = true
      } else {
        break
      }
      index += 1
    }
    let ended = index >= bytes.count || !Self.isWordByte(bytes[index])
    guard ended, digits < 1 << 53, index > start, !pointSeen || decimals > 0 else { return nil }
    position = index
    let value = Double(digits) / Self.powersOfTen[decimals]
    return negative ? -value : value
  }

  private static let powersOfTen: [Double] = (0...22).map { Double("1e\($0)")! }
}
