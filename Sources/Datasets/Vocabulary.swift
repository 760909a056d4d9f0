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
  /// "sofa|couch;cat". Commas are part of a name, and a semicolon may stand at the end. A text of
  /// several lines, or in brackets, is read as the content of a file.
  ///
  /// - Throws: `InputError` as `init(names:source:)`.
  public init(inline text: String) throws(InputError) {
    let source = "the vocabulary '\(text.prefix(60))'"
    let isContent = Self.isJSON(text[...]) || text.contains(where: \.isNewline)
    try self.init(
      entries: isContent
        ? try Self.entries(of: text[...], form: nil, source: source)
        : Self.entries(inLine: text[...]) { "\(source): name \($0)" }, source: source)
  }

  /// Reads a file, in the form of:
  /// - lines, one category each, "sofa | couch | settee", a name and its synonyms, or several
  ///   between semicolons; blank lines and lines that begin with '#' are passed over;
  /// - JSON: a list of names and of objects with `name` and `synonyms`, as LVIS writes its
  ///   categories; an object {"0": "cat", ...} or {"cat": 0, ...}, in order of the ids; or an object
  ///   that holds one of these as `names`, `id2label`, `categories`, `classes` or `label2id`;
  /// - a table, .csv or .tsv, whose first line names the columns, one of them `name` or the like,
  ///   perhaps one `synonyms`; under another ending where that line holds such words only;
  /// - YAML, .yaml or .yml: `names` as YOLO's data.yaml has it, a list or the names of ids.
  ///
  /// - Throws: `InputError` that names the line, also for a file that is not UTF-8.
  public init(path: String) throws(InputError) {
    let content = try Files.readText(path, as: "a list of names")
    try self.init(
      entries: try Self.entries(of: content[...], form: Form(of: path), source: path), source: path)
  }

  private init(entries: [Entry], source: String) throws(InputError) {
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
