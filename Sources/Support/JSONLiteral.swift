extension String {
  /// The string as a JSON literal.
  public var jsonLiteral: String {
    var text = "\""
    for scalar in unicodeScalars {
      switch scalar {
      case "\"", "\\": text += "\\\(scalar)"
      case "\n": text += "\\n"
      // The latter are bytes of a path, see `PathText`; they have no shape of their own.
      case "\u{00}"..<"\u{20}", "\u{EF80}"..."\u{EFFF}":
        let digits = String(scalar.value, radix: 16, uppercase: true)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}
