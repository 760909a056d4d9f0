import Foundation
public import Support

/// The categories to detect, any words, in the user's order; or the attributes beside them.
public struct Vocabulary: Hashable, Sendable {
  /// Names are trimmed, not empty, each once whatever its case; synonyms are trimmed, not empty.
  public let categories: [CategoryName]
  /// What some of the categories lie below, in their order; empty for a plain list.
  public let parents: [Parent]

  /// A coarse category, which is not detected itself: one of the finer ones below it is.
  public struct Parent: Hashable, Sendable {
    /// Its name is none of the categories'.
    public var name: CategoryName
    /// Which of the categories lie below it: neighbours, at least one.
    public var children: Range<Int>

    /// - Parameter children: positions among the categories.
    public init(_ name: CategoryName, children: Range<Int>) {
      (self.name, self.children) = (name, children)
    }
  }

  /// What names are of.
  public enum Kind: Sendable {
    /// Some may lie below others.
    case categories
    case attributes
  }

  /// The categories' names.
  public var names: [String] { categories.map(\.name) }

  /// What categories lie below, by their names.
  public var parentOfName: [String: String] {
    Dictionary(
      uniqueKeysWithValues: parents.flatMap { parent in
        parent.children.map { (categories[$0].name, parent.name.name) }
      })
  }

  /// The longest name in characters; what fits a text tower is that tower's to say.
  public static let longestName = 200

  /// Names that are known to be right, such as a data set's.
  public init(_ categories: [CategoryName], parents: [Parent] = []) {
    (self.categories, self.parents) = (categories, parents)
  }

  /// A vocabulary of `names`, without synonyms.
  ///
  /// - Parameter source: where the names come from, to name in errors.
  /// - Throws: `InputError` (`badData`) for no names, an empty, repeated or over-long name.
  public init(names: [String], source: String) throws(InputError) {
    try self.init(
      entries: names.enumerated().map {
        Entry("\(source): name \($0.offset + 1)", CategoryName($0.element))
      }, of: .categories, source: source)
  }

  /// Names between semicolons, "cat;traffic light;bat (animal)", synonyms after bars,
  /// "sofa|couch;cat". Commas are part of a name, and a semicolon may stand at the end. Categories lie
  /// below the name before a ">", up to the next one or the end of the line: "cat; dog > beagle; poodle;
  /// bird > owl; hen" has cat below nothing, two kinds of dogs and two of birds. A text of several lines,
  /// or in brackets, is read as the content of a file.
  ///
  /// - Throws: `InputError` as `init(names:source:)`, also for a name that both lies below another and has
  ///   names below it.
  public init(inline text: String, of kind: Kind = .categories) throws(InputError) {
    let source = "the \(kind.list) '\(text.prefix(60))'"
    let isContent = Self.isJSON(text[...]) || text.contains(where: \.isNewline)
    try self.init(
      entries: isContent
        ? try Self.entries(of: text[...], form: nil, source: source)
        : try Self.entries(inLine: text[...]) { "\(source): name \($0)" }, of: kind,
      source: source)
  }

  /// Reads a file, in the form of:
  /// - lines, one category each, "sofa | couch | settee", a name and its synonyms, or several
  ///   between semicolons, or a parent with the categories below it, "dog > beagle; poodle", of which
  ///   another line may add some; blank lines and lines that begin with '#' are passed over;
  /// - JSON: a list of names and of objects with `name` and `synonyms`, as LVIS writes its
  ///   categories; an object {"0": "cat", ...} or {"cat": 0, ...}, in order of the ids; or an object
  ///   that holds one of these as `names`, `id2label`, `categories`, `classes` or `label2id`;
  /// - a table, .csv or .tsv, whose first line names the columns, one of them `name` or the like,
  ///   perhaps one `synonyms`; under another ending where that line holds such words only;
  /// - YAML, .yaml or .yml: `names` as YOLO's data.yaml has it, a list or the names of ids.
  ///
  /// In the last three a ">" is part of a name.
  /// - Throws: `InputError` that names the line, also for a file that is not UTF-8.
  public init(path: String, of kind: Kind = .categories) throws(InputError) {
    let content = try Files.readText(path, as: "a list of names")
    try self.init(
      entries: try Self.entries(of: content[...], form: Form(of: path), source: path), of: kind,
      source: path)
  }

  private init(entries: [Entry], of kind: Kind, source: String) throws(InputError) {
    guard !entries.isEmpty else {
      throw InputError(.badData, "no \(kind.name)s", at: source)
    }
    var groups = CategoryGroups(kind)
    for entry in entries { try groups.add(entry) }
    (categories, parents) = groups.flattened
  }
}

extension Vocabulary.Kind {
  /// A name of one.
  var name: String { self == .categories ? "category name" : thing }

  /// One of them.
  var thing: String { self == .categories ? "category" : "attribute" }

  /// Before either.
  var article: String { self == .categories ? "a" : "an" }

  fileprivate var list: String { self == .categories ? "vocabulary" : "list of attributes" }
}
