import Foundation
public import Support

/// The category names to detect: any words, in the user's order.
public struct Vocabulary: Hashable, Sendable {
  /// Trimmed, not empty, each once whatever its case.
  public let names: [String]

  /// The longest name in characters; what fits a text tower is that tower's to say.
  public static let longestName = 200

  /// A vocabulary of `names`.
  ///
  /// - Parameter source: where the names come from, to name in errors.
  /// - Throws: `InputError` (`badData`) for no names, an empty, repeated or over-long name.
  public init(names: [String], source: String) throws(InputError) {
    try self.init(
      entries: names.enumerated().map { ("\(source): name \($0.offset + 1)", $0.element) },
      source: source)
  }

  /// Names between semicolons, "cat;traffic light;bat (animal)". Commas are part of a name.
  ///
  /// - Throws: `InputError` as `init(names:source:)`.
  public init(inline text: String) throws(InputError) {
    let names = text.split(separator: ";", omittingEmptySubsequences: false).map(String.init)
    let isBlank = text.allSatisfy(\.isWhitespace)
    try self.init(names: isBlank ? [] : names, source: "the vocabulary '\(text.prefix(60))'")
  }

  /// Reads a file: one name a line, where blank lines and lines that begin with '#' are passed
  /// over; or a JSON array of names.
  ///
  /// - Throws: `InputError` that names the line, also for a file that is not UTF-8.
  public init(path: String) throws(InputError) {
    let data = try Files.read(path)
    guard let text = String(validating: data, as: UTF8.self) else {
      throw InputError(.badData, "not a list of names", at: path, expected: "text in UTF-8")
    }
    let content = text.first == "\u{FEFF}" ? text.dropFirst() : text[...]
    if content.first(where: { !$0.isWhitespace }) == "[" {
      var cursor = JSONCursor([UInt8](data), file: path)
      let names = try cursor.readArray { (cursor) throws(InputError) in try cursor.readString() }
      try cursor.expectEnd()
      try self.init(
        entries: names.enumerated().map { ("\(path): [\($0.offset)]", $0.element) }, source: path)
    } else {
      let lines = content.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      let entries = lines.enumerated().compactMap { index, line -> (String, String)? in
        let first = line.first { !$0.isWhitespace }
        return first == nil || first == "#" ? nil : ("\(path) line \(index + 1)", String(line))
      }
      try self.init(entries: entries, source: path)
    }
  }

  private init(entries: [(place: String, name: String)], source: String) throws(InputError) {
    guard !entries.isEmpty else { throw InputError(.badData, "no category names", at: source) }
    var placeOfName: [String: String] = [:]
    names = try entries.map { entry throws(InputError) in
      let name = entry.name.trimmingCharacters(in: .whitespacesAndNewlines)
      guard !name.isEmpty else {
        throw InputError(.badData, "an empty category name", at: entry.place)
      }
      guard name.count <= Self.longestName else {
        throw InputError(
          .badData, "a category name is too long", at: entry.place,
          expected: "at most \(Self.longestName) characters",
          got: "\(name.count): '\(name.prefix(40))...'")
      }
      if let earlier = placeOfName.updateValue(entry.place, forKey: name.lowercased()) {
        throw InputError(
          .badData, "a category name is given twice", at: entry.place, got: "'\(name)'",
          hint: "the first is at \(earlier)")
      }
      return name
    }
  }
}
