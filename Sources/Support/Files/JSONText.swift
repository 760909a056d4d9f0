/// A value of JSON as text on one line, without spaces: for logs, and for files whose bytes are their
/// format. An object's members stand in the order in which they are given.
///
/// Valid whatever the values are: strings are escaped, and a number that is not finite is null.
public struct JSONText: Equatable, Sendable, CustomStringConvertible {
  public let description: String

  public static let null = JSONText(description: "null")

  public static func string(_ text: String) -> JSONText {
    JSONText(description: literal(text))
  }

  public static func number(_ value: Int) -> JSONText { JSONText(description: "\(value)") }

  /// The shortest digits that read back the same.
  public static func number(_ value: Float) -> JSONText {
    value.isFinite ? JSONText(description: "\(value)") : null
  }

  /// The shortest digits that read back the same.
  public static func number(_ value: Double) -> JSONText {
    value.isFinite ? JSONText(description: "\(value)") : null
  }

  public static func array(_ values: [JSONText]) -> JSONText {
    JSONText(description: "[\(values.map(\.description).joined(separator: ","))]")
  }

  /// - Parameter members: names and values; a member without a value is left out.
  public static func object(_ members: [(String, JSONText?)]) -> JSONText {
    let present = members.compactMap { name, value in
      value.map { "\(literal(name)):\($0.description)" }
    }
    return JSONText(description: "{\(present.joined(separator: ","))}")
  }

  private init(description: String) { self.description = description }

  private static func literal(_ string: String) -> String {
    var text = "\""
    for scalar in string.unicodeScalars {
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
