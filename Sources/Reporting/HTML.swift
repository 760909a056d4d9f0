/// A piece of HTML. What is put in by interpolation is escaped, unless it is HTML itself.
struct HTML: ExpressibleByStringInterpolation, Sendable {
  private(set) var text: String

  init(stringLiteral text: String) { self.text = text }

  init(stringInterpolation interpolation: StringInterpolation) { text = interpolation.text }

  /// Text that is HTML already.
  init(raw text: String) { self.text = text }

  /// The pieces one after the other.
  init(_ pieces: some Sequence<HTML>) { text = pieces.map(\.text).joined() }

  /// No HTML.
  static let nothing: HTML = ""

  static func += (left: inout HTML, right: HTML) { left.text += right.text }

  struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var text = ""

    init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }

    mutating func appendLiteral(_ literal: String) { text += literal }

    mutating func appendInterpolation(_ piece: HTML) { text += piece.text }

    mutating func appendInterpolation(_ value: String) { text += value.escapedForHTML }

    mutating func appendInterpolation(_ value: Int) { text += String(value) }
  }
}

extension String {
  /// The text as HTML shows it, inside an element or a quoted attribute; characters that HTML does
  /// not allow become U+FFFD.
  var escapedForHTML: String {
    var escaped = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;".unicodeScalars
      case "<": escaped += "&lt;".unicodeScalars
      case ">": escaped += "&gt;".unicodeScalars
      case "\"": escaped += "&quot;".unicodeScalars
      case "'": escaped += "&#39;".unicodeScalars
      case "\t", "\n": escaped.append(scalar)
      case _ where scalar.properties.generalCategory == .control: escaped.append("\u{FFFD}")
      default: escaped.append(scalar)
      }
    }
    return String(escaped)
  }
}
