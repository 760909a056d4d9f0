package import Support

/// Reads JSON front to back and says exactly where it is wrong: the file, and the path of the value
/// (`annotations[17].image_id`) or the line and column.
///
/// Values nobody asks for are passed over without being built; there only
/// strings and brackets are looked at. Nesting costs no stack. Of a file, a window of about a
/// megabyte is in memory; it grows for a longer string only.
package struct JSONCursor {
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
  private(set) var dropped = 0
  /// Where more comes from.
  let text: DatasetText?
  let chunk: Int
  /// Whether nothing comes after the window.
  private(set) var isLast = true
  /// What ended the text early.
  private(set) var failure: InputError?
  let file: String
  /// The line of a JSON Lines file that `bytes` is; nil for a whole file.
  let line: Int?
  private(set) var path: [Step] = []
  /// Is told of values that are passed over.
  var passedOver: PassedOver?

  /// Whether `bytes` are a part of the file only, the value at the path it starts with.
  let isPart: Bool

  /// - Parameter path: where in the file `bytes` stand, if they are a part of it.
  init(
    _ bytes: [UInt8], file: String, line: Int? = nil, at path: [Step] = [],
    passingOver passedOver: PassedOver? = nil
  ) {
    self.bytes = bytes
    self.passedOver = passedOver
    self.file = file
    self.line = line
    self.path = path
    text = nil
    chunk = 0
    isPart = !path.isEmpty
    skipByteOrderMark()
  }

  /// Reads a file that is in memory.
  package init(contents bytes: [UInt8], of file: String) { self.init(bytes, file: file) }

  /// Reads a line of a JSON Lines file.
  ///
  /// - Parameters:
  ///   - number: from 1.
  ///   - file: to name in errors.
  package init(_ bytes: [UInt8], line number: Int, of file: String) {
    self.init(bytes, file: file, line: number)
  }

  /// Reads all of `text`.
  ///
  /// - Parameter chunk: bytes that are read at a time.
  init(
    _ text: DatasetText, chunk: Int = 1 << 20, passingOver passedOver: PassedOver? = nil
  ) {
    self.chunk = chunk
    self.passedOver = passedOver
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
    self.init(
      bytes, file: whole.file, at: whole.path + [.key(member)], passingOver: whole.passedOver)
  }

  // MARK: Containers

  /// Calls `member` at the value of each key; it must read or skip that value.
  package mutating func readObject(
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
  package mutating func readArray(
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
  package mutating func readArray<Value>(
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
  package mutating func expectEnd() throws(InputError) {
    if next != nil || failure != nil { throw malformed(expected: "nothing more") }
  }

  /// The first byte that is not white space; nil at the end.
  package var next: UInt8? {
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
}
