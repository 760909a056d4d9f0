package import Support

extension JSONCursor {
  /// Passes over one value of any kind.
  ///
  /// - Parameter depth: how many brackets of it are open already.
  package mutating func skipValue(from depth: Int = 0) throws(InputError) {
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
}
