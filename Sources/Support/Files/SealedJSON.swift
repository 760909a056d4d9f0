public import Foundation

/// JSON objects that tell by themselves whether they are still what was written: their last member,
/// `"xxh3":"<32 hex digits>"`, is the `Checksum` of all bytes before the comma in front of it
/// (`schemas/checksums.md`).
public enum SealedJSON {
  /// What an object says of itself.
  public enum Finding: Equatable, Sendable {
    /// It is what was written: the member stands behind so many bytes.
    case sound(content: Int)
    /// It has no such member.
    case unsealed
    /// Its bytes have another checksum than the one that it was written with.
    case damaged(expected: String, got: String)
  }

  private static let head = Array(",\"xxh3\":\"".utf8)
  private static let tail = Array("\"}".utf8)
  private static let digits = 32
  private static let length = head.count + digits + tail.count

  /// The object with the member; what follows its last brace, a line end, is not part of it.
  ///
  /// - Precondition: it is an object and has a member.
  public static func sealed(_ object: JSONText) -> String { sealed(object.description) }

  /// The same of an object's text.
  ///
  /// - Precondition: `object` ends with its brace and has a member.
  public static func sealed(_ object: String) -> String {
    precondition(object.utf8.count > 2 && object.utf8.last == UInt8(ascii: "}"), "no object")
    let content = Array(object.utf8.dropLast())
    return String(decoding: content, as: UTF8.self) + ",\"xxh3\":\"\(Checksum(content))\"}"
  }

  /// - Parameter object: its bytes, and nothing after the last brace.
  public static func look(at object: some ContiguousBytes) -> Finding {
    object.withUnsafeBytes { bytes in
      let content = bytes.count - length
      guard content > 1, bytes[content...].starts(with: head), bytes.suffix(2).elementsEqual(tail)
      else { return .unsealed }
      let expected = String(
        decoding: bytes[(content + head.count)..<(bytes.count - tail.count)], as: UTF8.self)
      let got = "\(Checksum(UnsafeRawBufferPointer(rebasing: bytes[..<content])))"
      return expected == got ? .sound(content: content) : .damaged(expected: expected, got: got)
    }
  }

  /// The object without the member.
  ///
  /// - Parameters:
  ///   - place: to name in errors.
  ///   - hint: what the user can do about damage.
  /// - Throws: `InputError` (`badData`) for an object that is damaged or has no checksum.
  public static func opened<Bytes: RangeReplaceableCollection<UInt8> & ContiguousBytes>(
    _ object: Bytes, at place: String, hint: String? = nil
  ) throws(InputError) -> Bytes {
    switch look(at: object) {
    case .sound(let content):
      var opened = Bytes()
      opened.append(contentsOf: object.prefix(content))
      opened.append(UInt8(ascii: "}"))
      return opened
    case .unsealed:
      throw .damaged(at: place, expected: "a last member 'xxh3'", got: "none", hint: hint)
    case .damaged(let expected, let got):
      throw .damaged(at: place, expected: expected, got: got, hint: hint)
    }
  }

  /// The content of a file that is one sealed object; nil for one that is missing or damaged.
  public static func read(_ path: String) -> Data? {
    guard var data = try? Files.read(path) else { return nil }
    if data.last == 0x0A { data.removeLast() }
    return try? opened(data, at: path)
  }

  /// Publishes an object, given without its checksum, as a file.
  ///
  /// - Throws: `InputError` as `Files.write`.
  public static func write(_ object: Data, to path: String) throws(InputError) {
    try Files.write(Data((sealed(String(decoding: object, as: UTF8.self)) + "\n").utf8), to: path)
  }
}

extension InputError {
  /// Something that is not what was written.
  ///
  /// - Parameters:
  ///   - expected: the checksum that it was written with.
  ///   - got: that of what is there.
  public static func damaged(
    at place: String, expected: String, got: String, hint: String? = nil
  ) -> InputError {
    InputError(
      .badData, "does not have the checksum it was written with", at: place, expected: expected,
      got: got, hint: hint)
  }
}
