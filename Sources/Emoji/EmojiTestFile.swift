import Support

/// Unicode's list of emoji with names, groups and subgroups, `emoji-test.txt`.
struct EmojiTestFile {
  /// An emoji as keyboards should offer it ("fully-qualified").
  struct Entry: Equatable {
    var codePoints: [UInt32]
    var name: String
    var group: String
    var subgroup: String
  }

  static let version = "15.0"
  /// In the file's order.
  let entries: [Entry]

  /// - Throws: `InputError`: `missingInput` for no file, `badData` for another version, or for a
  ///   line of another form with its number.
  init(path: String) throws(InputError) {
    try self.init(EmojiFiles.text(of: path, package: "unicode-data"), path: path)
  }

  init(_ text: String, path: String) throws(InputError) {
    var (group, subgroup) = ("", "")
    var version: String?
    var entries = [Entry]()
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      if let value = line.value(of: "# group:") { group = value }
      if let value = line.value(of: "# subgroup:") { subgroup = value }
      if let value = line.value(of: "# Version:") { version = value }
      if let version, version != Self.version { break }
      if line.isEmpty || line.hasPrefix("#") { continue }
      // By bytes: a skin tone joins the blank before it to one character.
      let fields = line.utf8.split(separator: UInt8(ascii: ";"), maxSplits: 1)
      let points = (fields.first?.words() ?? []).map { UInt32($0, radix: 16) }
      // status # emoji version name
      let words = fields.last?.words(maxSplits: 4) ?? []
      guard fields.count == 2, !points.isEmpty, !points.contains(nil), words.count == 5,
        words[1] == "#", words[3].hasPrefix("E")
      else {
        throw InputError(
          .badData, "not a line of emoji-test.txt", at: "\(path):\(index + 1)",
          expected: "code points; status # emoji version name", got: "'\(line.prefix(60))'")
      }
      if words[0] == "fully-qualified" {
        entries.append(
          Entry(
            codePoints: points.compactMap { $0 }, name: words[4], group: group,
            subgroup: subgroup))
      }
    }
    guard version == Self.version else {
      throw EmojiFiles.otherVersion(
        path, expected: "Version: \(Self.version)", got: version.map { "Version: \($0)" } ?? "none",
        package: "unicode-data")
    }
    self.entries = entries
  }
}

extension Substring {
  /// What follows `key` at the line's start, without blanks around it.
  fileprivate func value(of key: String) -> String? {
    guard hasPrefix(key) else { return nil }
    return dropFirst(key.count).split(separator: " ").joined(separator: " ")
  }
}

extension Substring.UTF8View {
  /// The parts between blanks.
  fileprivate func words(maxSplits: Int = .max) -> [String] {
    split(separator: UInt8(ascii: " "), maxSplits: maxSplits).map { String(Substring($0)) }
  }
}
