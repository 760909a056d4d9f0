import Support

/// A message of Google's Protocol Buffers: fields with a number, one after the other.
struct ProtocolBuffer {
  private let bytes: ArraySlice<UInt8>
  private let place: String

  init(_ bytes: ArraySlice<UInt8>, place: String) { (self.bytes, self.place) = (bytes, place) }

  /// One field with its value, of whichever kind.
  struct Field {
    let number: Int
    /// Of a number; 0 for text and messages.
    var integer = 0
    /// Of text, a message, or four bytes.
    var bytes: ArraySlice<UInt8> = []
    let place: String

    var message: ProtocolBuffer { ProtocolBuffer(bytes, place: place) }

    /// Four bytes as a number; 0 where there are not four.
    var float: Float {
      guard bytes.count == 4 else { return 0 }
      return Float(bitPattern: bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) })
    }

    func wrong(_ what: String, _ expected: String, _ got: String) -> InputError {
      InputError(.badData, what, at: place, expected: expected, got: got)
    }
  }

  /// Calls `body` with every field in the order of the file.
  ///
  /// - Throws: `InputError` for a message that is cut short or none; what `body` throws.
  func forEachField(_ body: (Field) throws(InputError) -> Void) throws(InputError) {
    var rest = bytes
    func damaged() -> InputError {
      InputError(
        .badData, "not a SentencePiece model, or damaged", at: place,
        expected: "a message of Protocol Buffers", got: "an end at byte \(rest.startIndex)")
    }
    func take(_ count: Int) throws(InputError) -> ArraySlice<UInt8> {
      guard 0...rest.count ~= count else { throw damaged() }
      defer { rest = rest.dropFirst(count) }
      return rest.prefix(count)
    }
    func number() throws(InputError) -> Int {
      var value: UInt64 = 0
      for shift in stride(from: UInt64(0), to: 64, by: 7) {
        guard let byte = rest.popFirst() else { throw damaged() }
        value |= UInt64(byte & 0x7F) << shift
        if byte < 0x80 { return Int(truncatingIfNeeded: value) }
      }
      throw damaged()
    }
    while !rest.isEmpty {
      let key = try number()
      var field = Field(number: key >> 3, place: place)
      switch key & 7 {
      case 0: field.integer = try number()
      case 1: field.bytes = try take(8)
      case 2: field.bytes = try take(try number())
      case 5: field.bytes = try take(4)
      default: throw damaged()
      }
      try body(field)
    }
  }
}
