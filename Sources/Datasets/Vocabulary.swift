import Foundation
public import Support

/// The categories to detect: any words, in the user's order.
public struct Vocabulary: Hashable, Sendable {
  /// Names are trimmed, not empty, each once whatever its case; synonyms are trimmed, not empty.
  public let categories: [CategoryName]

  /// The categories' names.
  public var names: [String] { categories.map(\.name) }

  /// The longest name in characters; what fits a text tower is that tower's to say.
  public static let longestName = 200

  /// A vocabulary of `names`, without synonyms.
  ///
  /// - Parameter source: where the names come from, to name in errors.
  /// - Throws: `InputError` (`badData`) for no names, an empty, repeated or over-long name.
  public init(names: [String], source: String) throws(InputError) {
    try self.init(
      entries: names.enumerated().map {
        ("\(source): name \($0.offset + 1)", CategoryName($0.element))
      },
      source: source)
  }

  /// Names between semicolons, "cat;traffic light;bat (animal)", synonyms after bars,
  /// "sofa|couch;cat". Commas are part of a name.
  ///
  /// - Throws: `InputError` as `init(names:source:)`.
  public init(inline text: String) throws(InputError) {
    let parts = text.split(separator: ";", omittingEmptySubsequences: false)
    let source = "the vocabulary '\(text.prefix(60))'"
    try self.init(
      entries: text.allSatisfy(\.isWhitespace)
        ? []
        : parts.enumerated().map {
          ("\(source): name \($0.offset + 1)", Self.category(separatedByBars: $0.element))
        },
      source: source)
  }

  /// Reads a file: one category a line, "sofa | couch | settee", a name and its synonyms, where
  /// blank lines and lines that begin with '#' are passed over; or a JSON array of names and of
  /// objects with `name` and `synonyms`, as LVIS writes its categories.
  ///
  /// - Throws: `InputError` that names the line, also for a file that is not UTF-8.
  public init(path: String) throws(InputError) {
    let content = try Files.readText(path, as: "a list of names")
    if content.first(where: { !$0.isWhitespace }) == "[" {
      var cursor = JSONCursor(Array(content.utf8), file: path)
      let categories = try cursor.readArray { (cursor) throws(InputError) in
        try CategoryName(from: &cursor)
      }
      try cursor.expectEnd()
      try self.init(
        entries: categories.enumerated().map { ("\(path): [\($0.offset)]", $0.element) },
        source: path)
    } else {
      let lines = content.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      let entries = lines.enumerated().compactMap { index, line -> (String, CategoryName)? in
        let first = line.first { !$0.isWhitespace }
        if first == nil || first == "#" { return nil }
        return ("\(path) line \(index + 1)", Self.category(separatedByBars: line))
      }
      try self.init(entries: entries, source: path)
    }
  }

  private static func category(separatedByBars text: Substring) -> CategoryName {
    let words = text.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
    return CategoryName(words[0], synonyms: Array(words.dropFirst()))
  }

  private init(
    entries: [(place: String, category: CategoryName)], source: String
  ) throws(InputError) {
    guard !entries.isEmpty else { throw InputError(.badData, "no category names", at: source) }
    var placeOfName: [String: String] = [:]
    categories = try entries.map { entry throws(InputError) in
      let name = try Self.checked(entry.category.name, "a category name", at: entry.place)
      let synonyms = try entry.category.synonyms.map { synonym throws(InputError) in
        try Self.checked(synonym, "a synonym of '\(name)'", at: entry.place)
      }
      if let earlier = placeOfName.updateValue(entry.place, forKey: name.lowercased()) {
        throw InputError(
          .badData, "a category name is given twice", at: entry.place, got: "'\(name)'",
          hint: "the first is at \(earlier)")
      }
      return CategoryName(name, synonyms: synonyms)
    }
  }

  /// `text` without white space at its ends.
  private static func checked(
    _ text: String, _ role: String, at place: String
  ) throws(InputError) -> String {
    let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard !text.isEmpty else { throw InputError(.badData, "\(role) is empty", at: place) }
    guard text.count <= longestName else {
      throw InputError(
        .badData, "\(role) is too long", at: place,
        expected: "at most \(longestName) characters",
        got: "\(text.count): '\(text.prefix(40))...'")
    }
    return text
  }
}

extension CategoryName {
  /// A string, or an object with `name` and perhaps `synonyms`; other keys are passed over.
  fileprivate init(from cursor: inout JSONCursor) throws(InputError) {
    guard cursor.next == UInt8(ascii: "{") else {
      self.init(try cursor.readString())
      return
    }
    var name: String?
    var synonyms: [String] = []
    try cursor.readObject { cursor, key throws(InputError) in
      switch key {
      case "name": name = try cursor.readString()
      case "synonyms":
        synonyms = try cursor.readArray { (cursor) throws(InputError) in try cursor.readString() }
      default: try cursor.skipValue()
      }
    }
    self.init(try cursor.require(name, "name"), synonyms: synonyms)
  }
}
