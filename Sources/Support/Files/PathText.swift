/// Paths as text.
///
/// To the system a path is bytes, and any of them but zero and the slash may be in a name, UTF-8 or
/// not. As text, a byte from 80 hex on that belongs to no UTF-8 character is the private character of
/// the number EF00 + byte (U+EF80 ... U+EFFF), and so is each byte of such a private character
/// itself: no two paths are one text, and the text gives the bytes back. `JSONText` writes these
/// characters as `\uEF80` ... `\uEFFF`.
///
/// A slash ends a name whatever follows it: to `Character`, a slash before an accent is another
/// letter. Parts of paths are therefore looked for among the bytes.
public enum PathText {
  private static let slash = UInt8(ascii: "/")
  private static let escapes: ClosedRange<UInt32> = 0xEF80...0xEFFF

  /// The text of a path, or of a name in one.
  public static func text(of bytes: [UInt8]) -> String {
    if let text = String(validating: bytes, as: UTF8.self), !hasEscapes(text) { return text }
    var text = ""
    var at = 0
    while at < bytes.count {
      let end = at + length(ofCharacterBeginning: bytes[at])
      if end <= bytes.count, let character = String(validating: bytes[at..<end], as: UTF8.self),
        !hasEscapes(character)
      {
        text += character
        at = end
      } else {
        text.unicodeScalars.append(Unicode.Scalar(0xEF00 + UInt16(bytes[at]))!)
        at += 1
      }
    }
    return text
  }

  /// The bytes of a path, or of a name in one.
  public static func bytes(of text: String) -> [UInt8] {
    guard hasEscapes(text) else { return Array(text.utf8) }
    return text.unicodeScalars.flatMap { scalar in
      escapes.contains(scalar.value)
        ? [UInt8(truncatingIfNeeded: scalar.value)] : Array(String(scalar).utf8)
    }
  }

  /// Calls `body` with the bytes of `path` as C wants them.
  package static func withSystemPath<Result>(
    _ path: String, _ body: (UnsafePointer<CChar>) -> Result
  ) -> Result {
    (bytes(of: path) + [0]).withUnsafeBytes {
      body($0.assumingMemoryBound(to: CChar.self).baseAddress!)
    }
  }

  /// The bytes up to the zero at the end of a C string.
  package static func text(ofSystemPath path: UnsafePointer<CChar>) -> String {
    var bytes: [UInt8] = []
    var next = path
    while next.pointee != 0 {
      bytes.append(UInt8(bitPattern: next.pointee))
      next += 1
    }
    return text(of: bytes)
  }

  private static func hasEscapes(_ text: String) -> Bool {
    text.utf8.contains(0xEE) && text.unicodeScalars.contains { escapes.contains($0.value) }
  }

  private static func length(ofCharacterBeginning byte: UInt8) -> Int {
    byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
  }
}

extension PathText {
  /// What follows the last slash; the whole where there is none.
  public static func name(of path: String) -> String {
    path.utf8.lastIndex(of: slash).map { String(path[path.utf8.index(after: $0)...]) } ?? path
  }

  /// What holds the last name: "a" for "a/b", "/" for "/a", empty for "a".
  public static func folder(of path: String) -> String {
    let bytes = path.utf8
    guard let end = bytes.lastIndex(where: { $0 != slash }) else { return path.isEmpty ? "" : "/" }
    guard let before = bytes[...end].lastIndex(of: slash) else { return "" }
    guard let last = bytes[..<before].lastIndex(where: { $0 != slash }) else { return "/" }
    return String(path[..<bytes.index(after: last)])
  }

  /// What follows the last dot of the last name, in small letters: "jpg"; empty where there is no dot,
  /// or only one that the name begins with.
  public static func ending(of path: String) -> String {
    let name = name(of: path)
    return dot(in: name).map { String(name[name.utf8.index(after: $0)...]).lowercased() } ?? ""
  }

  /// The path without its ending and the dot before it.
  public static func withoutEnding(_ path: String) -> String {
    let name = name(of: path)
    guard let dot = dot(in: name) else { return path }
    let dropped = name.utf8.distance(from: dot, to: name.utf8.endIndex)
    return String(path[..<path.utf8.index(path.utf8.endIndex, offsetBy: -dropped)])
  }

  /// Sixteen digits at most that stand for a name where there is no room for it: FNV-1a of its bytes.
  public static func number(of name: String) -> String { String(hash(of: name), radix: 16) }

  /// FNV-1a of a name's bytes, 64 bits.
  package static func hash(of name: String) -> UInt64 {
    bytes(of: name).reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }

  /// A path below `folder`; an absolute one stays as it is.
  public static func join(_ folder: String, _ path: String) -> String {
    path.utf8.first == slash ? path : "\(folder)/\(path)"
  }

  /// `path` without `folder` and the slash after it, where it begins with these; else as it is.
  public static func below(_ folder: String, _ path: String) -> String {
    let start = Array(folder.utf8) + [slash]
    guard path.utf8.starts(with: start) else { return path }
    return String(path[path.utf8.index(path.utf8.startIndex, offsetBy: start.count)...])
  }

  private static func dot(in name: String) -> String.Index? {
    name.utf8.lastIndex(of: UInt8(ascii: ".")).flatMap { $0 > name.startIndex ? $0 : nil }
  }
}
