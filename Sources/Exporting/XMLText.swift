import Support

/// Text as it stands in XML, in an element or between quotation marks (XML 1.0, fifth edition, 2.2 and
/// 2.4).
struct XMLText: CustomStringConvertible {
  let description: String

  /// - Throws: `InputError` for a character that XML has no form for.
  init(_ text: String) throws(InputError) {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      // As they are they would be read as spaces.
      case "\t", "\n", "\r": escaped += "&#\(scalar.value);"
      case "\u{0}"..<"\u{20}", "\u{FFFE}", "\u{FFFF}":
        throw InputError(
          .badData, "a name with a character that XML does not have", at: text,
          got: "U+\(String(scalar.value, radix: 16, uppercase: true))",
          hint: "rename it, or export as coco or csv")
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    description = escaped
  }
}
