internal import Foundation
internal import Support

/// Reads a footer's canonical JSON, whose keys come in one order and without white space. Every
/// opening of a shard does; a general JSON decoder takes twenty times as long.
struct FooterText {
  private struct NotCanonical: Error {}

  private let text: [UInt8]
  private var at = 0

  private init(_ text: [UInt8]) { self.text = text }

  /// - Throws: `InputError` (`badData`) for another version and for what is no footer.
  static func footer(of text: [UInt8], path: String) throws(InputError) -> ShardFooter {
    var scanner = FooterText(text)
    if let footer = try? scanner.footer(), footer.version == ShardFormat.version { return footer }
    struct Version: Decodable { var version: Int }
    if let version = try? JSONDecoder().decode(Version.self, from: Data(text)).version,
      version != ShardFormat.version
    {
      throw InputError(
        .badData, "unknown shard format", at: path, expected: "version \(ShardFormat.version)",
        got: "version \(version)")
    }
    throw ShardFormat.damaged("its footer cannot be understood", at: path)
  }

  private mutating func footer() throws(NotCanonical) -> ShardFooter {
    var footer = ShardFooter(
      blocks: ShardBlocks(), headerSHA256: "", items: 0, rows: 0, sha256: "", version: 0)
    try expect(#"{"blocks":["#)
    if !accept("]") {
      repeat {
        guard footer.blocks.append(try block()) else { throw NotCanonical() }
      } while accept(",")
      try expect("]")
    }
    footer.headerSHA256 = try hash(after: #","headerSHA256":"#)
    footer.items = try number(after: #","images":"#)
    footer.rows = try number(after: #","regions":"#)
    footer.sha256 = try hash(after: #","sha256":"#)
    footer.version = try number(after: #","version":"#)
    try expect("}")
    guard at == text.count else { throw NotCanonical() }
    return footer
  }

  private mutating func block() throws(NotCanonical) -> ShardBlocks.Block {
    var frames: [ShardFormat.Frame] = []
    frames.reserveCapacity(8)
    try expect(#"{"frames":["#)
    repeat {
      let checksum = UInt32(exactly: try number(after: #"{"checksum":"#))
      let content = try number(after: #","content":"#)
      let offset = try number(after: #","offset":"#)
      let size = try number(after: #","size":"#)
      try expect("}")
      guard let checksum else { throw NotCanonical() }
      frames.append(.init(offset: offset, size: size, content: content, checksum: checksum))
    } while accept(",")
    let items = try number(after: #"],"images":"#)
    let rows = try number(after: #","regions":"#)
    try expect("}")
    return ShardBlocks.Block(items: items, rows: rows, frames: frames)
  }

  private mutating func accept(_ word: StaticString) -> Bool {
    let count = word.utf8CodeUnitCount
    guard at + count <= text.count else { return false }
    for i in 0..<count where text[at + i] != word.utf8Start[i] { return false }
    at += count
    return true
  }

  private mutating func expect(_ word: StaticString) throws(NotCanonical) {
    guard accept(word) else { throw NotCanonical() }
  }

  private mutating func number(after key: StaticString) throws(NotCanonical) -> Int {
    try expect(key)
    let start = at
    var number = 0
    while at < text.count, (UInt8(ascii: "0")...UInt8(ascii: "9")) ~= text[at] {
      number = number &* 10 &+ Int(text[at] &- UInt8(ascii: "0"))
      at += 1
    }
    // Eighteen digits always fit.
    guard (1...18) ~= at - start else { throw NotCanonical() }
    return number
  }

  private mutating func hash(after key: StaticString) throws(NotCanonical) -> String {
    try expect(key)
    try expect("\"")
    guard at + 64 < text.count else { throw NotCanonical() }
    let hash = String(decoding: text[at..<at + 64], as: UTF8.self)
    at += 64
    try expect("\"")
    return hash
  }
}
