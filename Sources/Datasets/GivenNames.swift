import Foundation
public import Support

/// What a user gives for category names on a command line: the names, or the path of a file of them.
public struct GivenNames: Sendable {
  /// The names, and their synonyms.
  public let vocabulary: Vocabulary
  /// The file they are from; nil where they were given themselves.
  public let file: String?
  /// What was decided where the word can be taken in two ways, in a line.
  public let note: String?

  /// Takes a text with a semicolon, of several lines or of JSON for the names. Of a lone word:
  /// 1. what is a file is read, as `Vocabulary.init(path:)` says;
  /// 2. what looks like a path is one: it begins with /, ./, ../ or ~/, ends as files of names do
  ///    (.txt, .json...), or has a folder before its last slash;
  /// 3. all else is a name, even where a folder is called so.
  ///
  /// "cat;" is the category, whatever files there are.
  /// - Parameter kind: what the names are of.
  /// - Throws: `InputError` for a path of no file (`missingInput`), and as `Vocabulary`.
  public init(_ text: String, of kind: Vocabulary.Kind = .categories) throws(InputError) {
    let isSeveral = text.contains { $0 == ";" || $0.isNewline }
    let isLone = !isSeveral && !Vocabulary.isJSON(text[...])
    let isThere = isLone && Files.exists(text)
    let isFolder = isThere && Files.isFolder(text)
    let isPath = isLone && Self.looksLikeAPath(text)
    if isThere && !isFolder {
      (vocabulary, file) = (try Vocabulary(path: text, of: kind), text)
      note =
        isPath
        ? nil : "'\(text)' is a file and was read for names; '\(text);' means the \(kind.thing)"
      return
    }
    if isPath {
      throw InputError(
        .missingInput, isFolder ? "a folder, not a file of names" : "no such file of names",
        at: text, expected: "names between semicolons, or a file of names",
        hint: "for \(kind.article) \(kind.thing) called so write '\(text);'")
    }
    (vocabulary, file) = (try Vocabulary(inline: text, of: kind), nil)
    note =
      isFolder
      ? "'\(text)' is taken for \(kind.article) \(kind.thing), not for the folder called so" : nil
  }

  private static let endings: Set = [
    "txt", "names", "list", "lst", "md", "json", "jsonl", "csv", "tsv", "yaml", "yml", "xml",
    "pbtxt", "data", "xlsx", "parquet",
  ]

  private static func looksLikeAPath(_ text: String) -> Bool {
    let parent = PathText.folder(of: text)
    return ["/", "./", "../", "~/"].contains(where: text.hasPrefix)
      || endings.contains(PathText.ending(of: text))
      || !parent.isEmpty && Files.isFolder(parent)
  }

  /// How many names there are and the first of them, also of those below others: "3 names from names.txt:
  /// cat, beagle, poodle; dog > beagle, poodle".
  public static func summary(of vocabulary: Vocabulary, from source: String?) -> String {
    let names = vocabulary.names
    let parents = vocabulary.parents.prefix(3).map {
      "; \($0.name.name) > \(shown(names[$0.children]))"
    }
    return "\(names.count.counted("name"))\(source.map { " from \($0)" } ?? ""): "
      + shown(names[...]) + parents.joined() + (vocabulary.parents.count > 3 ? "; ..." : "")
  }

  private static func shown(_ names: ArraySlice<String>) -> String {
    names.prefix(6).joined(separator: ", ") + (names.count > 6 ? ", ..." : "")
  }
}
