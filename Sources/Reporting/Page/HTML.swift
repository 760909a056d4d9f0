/// A piece of HTML. What is put in by interpolation is escaped, unless it is HTML itself.
package struct HTML: ExpressibleByStringInterpolation, Sendable {
  package private(set) var text: String

  package init(stringLiteral text: String) { self.text = text }

  package init(stringInterpolation interpolation: StringInterpolation) { text = interpolation.text }

  /// Text that is HTML already.
  init(raw text: String) { self.text = text }

  /// The pieces one after the other.
  package init(_ pieces: some Sequence<HTML>) { text = pieces.map(\.text).joined() }

  /// No HTML.
  static let nothing: HTML = ""

  static func += (left: inout HTML, right: HTML) { left.text += right.text }

  package struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var text = ""

    package init(literalCapacity: Int, interpolationCount: Int) {
      text.reserveCapacity(literalCapacity)
    }

    package mutating func appendLiteral(_ literal: String) { text += literal }

    package mutating func appendInterpolation(_ piece: HTML) { text += piece.text }

    package mutating func appendInterpolation(_ value: String) { text += value.escapedForHTML }

    package mutating func appendInterpolation(_ value: Int) { text += String(value) }
  }
}

extension String {
  /// The text as HTML shows it, inside an element or a quoted attribute; characters that HTML does
  /// not allow become U+FFFD.
  package var escapedForHTML: String {
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
