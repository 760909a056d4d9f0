import Support
import Yams

extension Vocabulary {
  /// The names in YOLO's data.yaml: a list, or names by their ids, under the key `names`; or a
  /// document that is nothing else.
  ///
  /// - Throws: `InputError` for other YAML, and for text that is no YAML.
  static func entries(
    ofYAML content: Substring, source: String
  ) throws(InputError) -> [Entry] {
    let expected = "names as a list, or as 0: cat, 1: dog and so on"
    let (text, first) = part(ofNamesIn: content)
    // An anchor, which aliases could multiply without end.
    if let anchor = text.firstRange(of: /(?m)(^[ \t]*|-[ \t]+|:[ \t]+|[\[{,][ \t]*)&\S/) {
      let line = first + text[..<anchor.lowerBound].count(where: \.isNewline)
      throw InputError(
        .badData, "anchors (&) are not understood", at: "\(source) line \(line)",
        hint: "put a name that begins with & in quotes")
    }
    let root: Node?
    do {
      root = try compose(yaml: String(text))
    } catch {
      let problem = "\(error)".split(whereSeparator: \.isNewline).joined(separator: " ")
      throw InputError(
        .badData, "not valid YAML", at: source, expected: expected,
        got: String(problem.prefix(200)))
    }
    func place(_ node: Node) -> String {
      node.mark.map { "\(source) line \(first + $0.line - 1)" } ?? source
    }
    let names = root?.mapping?["names"] ?? root
    if let list = names?.sequence {
      return try list.map { node throws(InputError) in
        Entry(place(node), CategoryName(try name(node, at: place(node))))
      }
    }
    guard let mapping = names?.mapping else {
      throw InputError(.badData, "no names", at: source, expected: expected)
    }
    return try inOrder(
      mapping.map { pair throws(InputError) in
        guard let id = pair.key.scalar.flatMap({ Int($0.string) }) else {
          throw InputError(
            .badData, "no names", at: place(pair.key), expected: expected,
            got: "'\((pair.key.scalar?.string ?? "a section").prefix(60))'")
        }
        let line = place(pair.value)
        return (id, Entry(line, CategoryName(try name(pair.value, at: line))))
      })
  }

  /// The text as it is written: `no` is a name, not a truth value.
  private static func name(_ node: Node, at place: String) throws(InputError) -> String {
    if let scalar = node.scalar { return scalar.string }
    throw InputError(
      .badData, "not a name", at: place, expected: "a text", got: "a list or a section")
  }

  /// From the line `names:` to the next key, and that line's number; all where there is none. Beside it
  /// such files hold paths and programs, which are nobody's affair here.
  private static func part(ofNamesIn content: Substring) -> (text: Substring, line: Int) {
    var start: (index: String.Index, line: Int)?
    var number = 0
    for line in content.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      number += 1
      if start == nil, line.hasPrefix("names:") {
        start = (line.startIndex, number)
      } else if let start, line.firstMatch(of: /^[A-Za-z_][\w-]*\s*:(\s|$)/) != nil {
        return (content[start.index..<line.startIndex], start.line)
      }
    }
    return start.map { (content[$0.index...], $0.line) } ?? (content, 1)
  }
}
