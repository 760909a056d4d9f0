import Support

/// A message of Google's Protocol Buffers in the making: numbered fields, one after the other.
///
/// swift-protobuf is not used for it. Its messages hold all weights at once, in memory that the student
/// takes a second time, and what it generates of ONNX's published definition are thousands of lines, of
/// which a graph needs a tenth. The wire format that is needed stands on this page; weights are asked
/// for one after the other while a file is written.
///
/// Reference: https://protobuf.dev/programming-guides/encoding
struct Message {
  private enum Piece {
    case bytes([UInt8])
    /// So many bytes, made when they are written.
    case later(() -> [UInt8])
  }

  /// Bytes of all fields.
  private(set) var count = 0
  private var pieces: [Piece] = []

  /// The last two digits of a field's key in base 8: how its value is written.
  private enum Wire: UInt64 {
    case variableInteger = 0
    case lengthDelimited = 2
    case fourBytes = 5
  }

  /// A number or an enumeration's case; negative ones take ten bytes.
  mutating func add(_ field: Int, _ value: Int) {
    append(Self.key(field, .variableInteger) + Self.variable(UInt64(bitPattern: Int64(value))))
  }

  mutating func add(_ field: Int, _ value: Float) {
    let bits = value.bitPattern
    append(
      Self.key(field, .fourBytes)
        + (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * UInt32($0))) })
  }

  mutating func add(_ field: Int, _ text: String) {
    let text = Array(text.utf8)
    append(Self.key(field, .lengthDelimited) + Self.variable(UInt64(text.count)) + text)
  }

  /// A message as a value; none of its bytes are made before they are written.
  mutating func add(_ field: Int, _ message: Message) {
    append(Self.key(field, .lengthDelimited) + Self.variable(UInt64(message.count)))
    pieces += message.pieces
    count += message.count
  }

  /// - Parameter bytes: makes `count` bytes when they are written.
  mutating func add(_ field: Int, count: Int, bytes: @escaping () -> [UInt8]) {
    append(Self.key(field, .lengthDelimited) + Self.variable(UInt64(count)))
    pieces.append(.later(bytes))
    self.count += count
  }

  private mutating func append(_ bytes: [UInt8]) {
    pieces.append(.bytes(bytes))
    count += bytes.count
  }

  private static func key(_ field: Int, _ wire: Wire) -> [UInt8] {
    variable(UInt64(field) << 3 | wire.rawValue)
  }

  /// Seven bits a byte, the lowest first; the highest bit of a byte says that more come.
  private static func variable(_ value: UInt64) -> [UInt8] {
    var (rest, bytes) = (value, [UInt8]())
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  /// Calls `body` with all bytes in order, a part at a time.
  func forEachPart(_ body: ([UInt8]) throws(InputError) -> Void) throws(InputError) {
    var written = 0
    for piece in pieces {
      let bytes =
        switch piece {
        case .bytes(let bytes): bytes
        case .later(let make): make()
        }
      written += bytes.count
      try body(bytes)
    }
    precondition(written == count, "\(written) of \(count) bytes")
  }
}
