import Foundation
import Support

/// A table of categories, as spreadsheets write it (RFC 4180): fields between commas, semicolons or
/// tabs, perhaps in quotes; the first line names the columns.
struct NameTable {
  private typealias Line = (number: Int, text: Substring)

  private let rows: [Line]
  private let separator: Character
  private let source: String
  /// Of the columns.
  private let name: Int
  private let synonyms: Int?

  /// What a column of names is called, the best first.
  private static let names = [
    "name", "class_name", "category_name", "display_name", "displayname", "class", "category",
    "label", "names", "text",
  ]
  /// What other columns of such tables are called.
  private static let others = [
    "", "id", "index", "idx", "no", "number", "class_id", "category_id", "label_id", "label_name",
    "labelname", "mid", "synset", "synonyms", "supercategory", "group", "split", "frequency",
    "count", "description", "definition",
  ]

  /// - Parameters:
  ///   - lines: that are not blank.
  ///   - isTable: whether the file's name says so; otherwise a first line of other words is that of a
  ///     plain list, which gives nil.
  /// - Throws: `InputError` for a table without a column of names.
  init?(
    _ lines: [(number: Int, text: Substring)], isTable: Bool, source: String
  ) throws(InputError) {
    guard let first = lines.first else { return nil }
    let counts = [",", "\t", ";"].map { sign in (sign, first.text.count { $0 == sign }) }
    let separator = counts.max { $0.1 < $1.1 }.map { $0.1 > 0 ? $0.0 : "," } ?? ","
    let fields = Self.fields(of: first.text, separator) ?? []
    let columns = fields.map {
      $0.lowercased().replacing(" ", with: "_").replacing("-", with: "_")
    }
    let known = Set(Self.names + Self.others)
    let best = Self.names.first(where: columns.contains)
    guard isTable || columns.count > 1 && best != nil && columns.allSatisfy(known.contains) else {
      return nil
    }
    self.source = source
    self.separator = separator
    synonyms = columns.firstIndex(of: "synonyms")
    if let best, let name = columns.firstIndex(of: best) {
      (self.name, rows) = (name, Array(lines.dropFirst()))
    } else if columns.count == 1 {
      (name, rows) = (0, lines)
    } else {
      throw InputError(
        .badData, "no column of names", at: "\(source) line \(first.number)",
        expected: "a first line with the word 'name' above the names",
        got: "'\(first.text.prefix(60))'")
    }
  }

  /// The categories of all rows.
  ///
  /// - Throws: `InputError` naming a line without a name, or with quotes that do not end.
  func entries() throws(InputError) -> [Vocabulary.Entry] {
    var entries: [Vocabulary.Entry] = []
    for row in rows {
      let place = "\(source) line \(row.number)"
      guard let fields = Self.fields(of: row.text, separator), fields.indices.contains(name) else {
        throw InputError(
          .badData, "not a row of the table", at: place,
          expected: "a name in column \(name + 1), quotes that end",
          got: "'\(row.text.prefix(60))'")
      }
      let more = synonyms.flatMap { fields.indices.contains($0) ? fields[$0] : nil } ?? ""
      entries.append(
        Vocabulary.Entry(
          place,
          CategoryName(fields[name], synonyms: more.split(separator: "|").map(String.init))))
    }
    return entries
  }

  /// The fields of a line without white space at their ends; nil where quotes do not end.
  private static func fields(of line: Substring, _ separator: Character) -> [String]? {
    var fields = [""]
    var isQuoted = false
    var last: Character?
    for character in line {
      let isAtStart = fields[fields.count - 1].allSatisfy(\.isWhitespace)
      if character == "\"", isQuoted || last == "\"" || isAtStart {
        // A quote in quotes is written twice.
        if !isQuoted, last == "\"" { fields[fields.count - 1].append("\"") }
        isQuoted.toggle()
        last = last == "\"" && isQuoted ? nil : character
        continue
      }
      last = character
      if character == separator, !isQuoted {
        fields.append("")
      } else {
        fields[fields.count - 1].append(character)
      }
    }
    return isQuoted ? nil : fields.map { $0.trimmingCharacters(in: .whitespaces) }
  }
}
