import Foundation
import Support

/// The forms that a list of names comes in.
extension Vocabulary {
  /// A category, where it stands, and what it lies below, which is nil for most.
  struct Entry {
    let place: String
    let category: CategoryName
    let parent: CategoryName?

    init(_ place: String, _ category: CategoryName, below parent: CategoryName? = nil) {
      (self.place, self.category, self.parent) = (place, category, parent)
    }
  }

  /// What the ending of a file's name says; others are told by the content.
  enum Form {
    case table
    case yaml

    init?(of path: String) {
      switch PathText.ending(of: path) {
      case "csv", "tsv": self = .table
      case "yaml", "yml": self = .yaml
      default: return nil
      }
    }
  }

  /// The categories of a text, which has no byte order mark.
  static func entries(
    of content: Substring, form: Form?, source: String
  ) throws(InputError) -> [Entry] {
    if form == .yaml { return try entries(ofYAML: content, source: source) }
    if isJSON(content) { return try entries(ofJSON: content, source: source) }
    let lines = lines(of: content)
    if let table = try NameTable(lines, isTable: form == .table, source: source) {
      return try table.entries()
    }
    var found: [Entry] = []
    for line in lines {
      found += try entries(inLine: line.text) { _ in "\(source) line \(line.number)" }
    }
    return found
  }

  /// The lines that are neither blank nor comments, with their numbers from 1.
  private static func lines(of content: Substring) -> [(number: Int, text: Substring)] {
    content.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
      .compactMap { index, line in
        let first = line.first { !$0.isWhitespace }
        return first == nil || first == "#" ? nil : (index + 1, line)
      }
  }

  static func isJSON(_ content: Substring) -> Bool {
    content.first { !$0.isWhitespace }.map { "[{".contains($0) } ?? false
  }

  /// The categories between a line's semicolons, of which one may stand at its end. A parent stands
  /// before the first of its categories and a ">".
  ///
  /// - Parameter place: of a category by its number from 1.
  /// - Throws: `InputError` for a second ">" of one name.
  static func entries(
    inLine line: Substring, place: (Int) -> String
  ) throws(InputError) -> [Entry] {
    var parts = line.split(separator: ";", omittingEmptySubsequences: false)
    if let last = parts.last, last.allSatisfy(\.isWhitespace) { parts.removeLast() }
    var parent: CategoryName?
    return try parts.enumerated().map { index, part throws(InputError) in
      let levels = part.split(separator: ">", omittingEmptySubsequences: false)
      guard levels.count <= 2 else {
        throw InputError(
          .badData, "more than two levels of categories", at: place(index + 1),
          expected: "parent > category; category", got: "'\(part.prefix(60))'")
      }
      if levels.count == 2 { parent = category(separatedByBars: levels[0]) }
      return Entry(
        place(index + 1), category(separatedByBars: levels[levels.count - 1]), below: parent)
    }
  }

  /// A name and its synonyms.
  static func category(separatedByBars text: Substring) -> CategoryName {
    let words = text.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
    return CategoryName(words[0], synonyms: Array(words.dropFirst()))
  }

  /// Categories by their ids, in order of these.
  ///
  /// - Throws: `InputError` for an id that two have.
  static func inOrder(
    _ entries: [(id: Int, entry: Entry)]
  ) throws(InputError) -> [Entry] {
    let sorted = entries.sorted { $0.id < $1.id }
    for (first, second) in zip(sorted, sorted.dropFirst()) where first.id == second.id {
      throw InputError(
        .badData, "two categories have the id \(first.id)", at: second.entry.place,
        got: "'\(first.entry.category.name)' and '\(second.entry.category.name)'")
    }
    return sorted.map(\.entry)
  }
}
