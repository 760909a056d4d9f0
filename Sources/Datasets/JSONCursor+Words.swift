package import Support

/// Values without quotes or brackets: numbers and flags.
extension JSONCursor {
  package mutating func readDouble() throws(InputError) -> Double {
    let start = try startOfNumber("a number")
    if let value = readShortDecimal() { return value }
    position = start
    let word = token
    guard let value = Self.number(word) else { throw mistyped("a number") }
    position += word.utf8.count
    return value
  }

  /// The float nearest to the number as it is written.
  package mutating func readFloat() throws(InputError) -> Float {
    let start = try startOfNumber("a number")
    let value = try readDouble()
    var float = Float(value)
    // Rounded twice, it may be another: only where the double is halfway between two floats.
    let isHalfway = value.significandBitPattern & 0x1FFF_FFFF == 0x1000_0000
    if isHalfway || abs(value) < Double(Float.leastNormalMagnitude) {
      float = Float(String(decoding: bytes[start..<position], as: UTF8.self)) ?? float
    }
    guard float.isFinite else {
      position = start
      throw mistyped("a number of at most \(Float.greatestFiniteMagnitude)")
    }
    return float
  }

  /// A finite number; nil for all else.
  private static func number(_ word: String) -> Double? {
    // Double also reads hexadecimal, which JSON has not.
    guard !word.contains(where: { $0 == "x" || $0 == "X" }), let value = Double(word) else {
      return nil
    }
    return value.isFinite ? value : nil
  }

  /// 1 and, as some libraries write whole numbers, 1.0 and 1e0.
  package mutating func readInt() throws(InputError) -> Int {
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
    // A sign, a fraction of zero, or a number that is wrong or long.
    let word = token
    guard let value = Int(word) ?? Self.wholeNumber(word) else {
      throw mistyped("a whole number")
    }
    position += word.utf8.count
    return value
  }

  /// Without a fraction, and small enough that a Double holds it exactly.
  private static func wholeNumber(_ word: String) -> Int? {
    number(word).flatMap { abs($0) < 0x1p53 ? Int(exactly: $0) : nil }
  }

  /// `true`, `false`, 0 or 1.
  mutating func readFlag() throws(InputError) -> Bool {
    _ = next
    let word = token
    let value: Bool
    switch word {
    case "true", "1": value = true
    case "false", "0": value = false
    default:
      guard let number = Self.number(word), number == 0 || number == 1 else {
        throw mistyped("0 or 1")
      }
      value = number == 1
    }
    position += word.utf8.count
    return value
  }

  private mutating func startOfNumber(_ expected: String) throws(InputError) -> Int {
    guard let byte = next, byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte) else {
      throw mistyped(expected)
    }
    return position
  }

  /// The unquoted word at the position: a number, `true`, `NaN`.
  var token: String {
    let rest = bytes[position...]
    return String(decoding: rest.prefix(while: Self.isWordByte), as: UTF8.self)
  }

  static func isWordByte(_ byte: UInt8) -> Bool {
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

/// Lists of numbers.
extension JSONCursor {
  mutating func readIDs() throws(InputError) -> [Int] {
    try readArray { (cursor) throws(InputError) in try cursor.readInt() }
  }

  /// Left, top, width, height; how many there are is checked by `problem(ofBbox:)`.
  mutating func readBbox() throws(InputError) -> [Double] {
    var numbers: [Double] = []
    numbers.reserveCapacity(4)
    try readArray { cursor, _ throws(InputError) in numbers.append(try cursor.readDouble()) }
    return numbers
  }
}
