package import Support

extension JSONCursor {
  /// A string in quotes.
  package mutating func readString() throws(InputError) -> String {
    guard next == UInt8(ascii: "\"") else { throw mistyped("a string") }
    var end = position + 1
    while true {
      while end < bytes.count, bytes[end] != UInt8(ascii: "\""), bytes[end] != UInt8(ascii: "\\") {
        if bytes[end] < 0x20 {
          position = end
          throw malformed(expected: "no control character in a string")
        }
        end += 1
      }
      if end < bytes.count || isLast { break }
      end -= position
      refill()
      end += position
    }
    let start = position + 1
    guard end < bytes.count else {
      position = end
      throw malformed(expected: "'\"'")
    }
    if bytes[end] == UInt8(ascii: "\\") { return try readEscapedString() }
    guard let text = String(validating: bytes[start..<end], as: UTF8.self) else {
      throw malformed(expected: "UTF-8")
    }
    position = end + 1
    return text
  }

  /// Passes over a string without looking into it.
  mutating func skipString() throws(InputError) {
    position += 1
    while true {
      while position < bytes.count {
        switch bytes[position] {
        case UInt8(ascii: "\""):
          position += 1
          return
        case UInt8(ascii: "\\"): position += 2
        default: position += 1
        }
      }
      if isLast { throw malformed(expected: "'\"'") }
      refill()
    }
  }

  /// A string with backslashes, at its opening quote.
  private mutating func readEscapedString() throws(InputError) -> String {
    position += 1
    var units: [UInt8] = []
    while true {
      look()
      guard position < bytes.count, bytes[position] != UInt8(ascii: "\"") else { break }
      let byte = bytes[position]
      if byte == UInt8(ascii: "\\") {
        units.append(contentsOf: String(try readEscape()).utf8)
      } else {
        units.append(byte)
        position += 1
      }
    }
    guard position < bytes.count, let text = String(validating: units, as: UTF8.self) else {
      throw malformed(expected: "a string in UTF-8")
    }
    position += 1
    return text
  }

  private mutating func readEscape() throws(InputError) -> Unicode.Scalar {
    position += 1
    guard position < bytes.count else { throw malformed(expected: "an escaped character") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "b"): return "\u{08}"
    case UInt8(ascii: "f"): return "\u{0C}"
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "u"): return try readCodePoint()
    default:
      position -= 1
      throw malformed(expected: "an escaped character")
    }
  }

  /// Four hexadecimal digits, twice for a code point above U+FFFF.
  private mutating func readCodePoint() throws(InputError) -> Unicode.Scalar {
    let first = try readHexadecimal()
    if let scalar = Unicode.Scalar(first) { return scalar }
    if (0xD800..<0xDC00).contains(first), bytes[position...].starts(with: Array("\\u".utf8)) {
      position += 2
      let second = try readHexadecimal()
      if (0xDC00..<0xE000).contains(second),
        let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
      {
        return scalar
      }
    }
    throw malformed(expected: "a pair of surrogates")
  }

  private mutating func readHexadecimal() throws(InputError) -> UInt32 {
    let digits = String(decoding: bytes[position...].prefix(4), as: UTF8.self)
    guard digits.utf8.count == 4, digits.allSatisfy(\.isHexDigit),
      let value = UInt32(digits, radix: 16)
    else { throw malformed(expected: "four hexadecimal digits") }
    position += 4
    return value
  }
}
