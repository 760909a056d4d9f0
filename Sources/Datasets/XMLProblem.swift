import Foundation
import Support

/// What is wrong with an XML file, and where.
struct XMLProblem {
  /// Of libxml2's `xmlParserErrors`.
  let code: Int
  /// From 1.
  let line, column: Int

  func error(_ path: String) -> InputError {
    InputError(
      .badData, "malformed XML", at: "\(path) line \(line), column \(column)",
      got: Self.reasons[code] ?? "error \(code) of libxml2")
  }

  /// What the numbers mean that annotations are met with.
  private static let reasons = [
    4: "no element", 5: "something after the last element, or an element without its end",
    9: "a character that is not UTF-8; other encodings are not read: save it as UTF-8",
    23: "'&' that begins no entity; as a character it is written '&amp;'",
    26: "an entity that is not defined", 31: "an encoding that is not known",
    32: "an encoding that is not supported", 34: "a version of XML that is not known",
    38: "'<' in an attribute",
    39: "an attribute without quotes", 40: "an attribute without its end",
    41: "an attribute without a value",
    68: "'&' or '<' without a name after it; as characters they are written '&amp;' and '&lt;'",
    73: "a tag without its '>'", 76: "an end that does not fit the element",
    77: "an element without its end", 81: "an encoding other than that of the first line",
  ]
}

extension XMLProblem {
  /// The first bytes that are no UTF-8; nil without any, and for UTF-16 with its mark. Foundation's
  /// parser traps on them in names, also in files that name another encoding where something before
  /// makes it forget that.
  init?(encodingOf data: Data) {
    if String(validating: data, as: UTF8.self) != nil { return nil }
    if data.starts(with: [0xFF, 0xFE]) || data.starts(with: [0xFE, 0xFF]) { return nil }
    var (parser, bytes) = (UTF8.ForwardParser(), data.makeIterator())
    var (line, column) = (1, 1)
    while case .valid(let character) = parser.parseScalar(from: &bytes) {
      (line, column) = character.first == 0x0A ? (line + 1, 1) : (line, column + 1)
    }
    (code, self.line, self.column) = (9, line, column)
  }
}
