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
  /// - Throws: `InputError` for a path of no file (`missingInput`), and as `Vocabulary`.
  public init(_ text: String) throws(InputError) {
    let isSeveral = text.contains { $0 == ";" || $0.isNewline }
    let isLone = !isSeveral && !Vocabulary.isJSON(text[...])
    let isThere = isLone && Files.exists(text)
    let isFolder = isThere && Files.isFolder(text)
    let isPath = isLone && Self.looksLikeAPath(text)
    if isThere && !isFolder {
      (vocabulary, file) = (try Vocabulary(path: text), text)
      note =
        isPath ? nil : "'\(text)' is a file and was read for names; '\(text);' means the category"
      return
    }
    if isPath {
      throw InputError(
        .missingInput, isFolder ? "a folder, not a file of names" : "no such file of names",
        at: text, expected: "names between semicolons, or a file of names",
        hint: "for a category called so write '\(text);'")
    }
    (vocabulary, file) = (try Vocabulary(inline: text), nil)
    note = isFolder ? "'\(text)' is taken for a category, not for the folder called so" : nil
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

  /// How many names there are and the first of them: "3 names from names.txt: cat, dog, lamp".
  public static func summary(of names: [String], from source: String?) -> String {
    let shown = names.prefix(6).joined(separator: ", ") + (names.count > 6 ? ", ..." : "")
    return "\(names.count) \(names.count == 1 ? "name" : "names")"
      + "\(source.map { " from \($0)" } ?? ""): \(shown)"
  }
}
