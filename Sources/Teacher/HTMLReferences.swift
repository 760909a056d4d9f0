/// Resolves HTML's character references as Python's `html.unescape` does, for the names below; the
/// reference of a name that is not among them stays as it is.
func unescaped(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
  guard text.contains("&") else { return text }
  var result: [Unicode.Scalar] = []
  var rest = text[...]
  while let first = rest.popFirst() {
    if first == "&", let (value, length) = reference(rest) {
      if let value { result.append(value) }
      rest = rest.dropFirst(length)
    } else {
      result.append(first)
    }
  }
  return result
}

/// What stands for the reference whose text, after the "&", `rest` begins with, and how long that
/// text is; a value of nil stands for nothing.
private func reference(
  _ rest: ArraySlice<Unicode.Scalar>
) -> (value: Unicode.Scalar?, length: Int)? {
  if rest.first == "#" { return numericReference(rest.dropFirst()) }
  let name = String(String.UnicodeScalarView(rest.prefix(32).prefix { $0.isASCIIAlphanumeric }))
  let isClosed = rest.dropFirst(name.utf8.count).first == ";"
  if isClosed, let value = named[name] { return (value, name.utf8.count + 1) }
  // The oldest names also work unclosed, and as the beginning of something longer.
  for length in stride(from: name.utf8.count, through: 2, by: -1) {
    let start = String(name.prefix(length))
    if unclosed.contains(start), let value = named[start] { return (value, length) }
  }
  return nil
}

private func numericReference(
  _ rest: ArraySlice<Unicode.Scalar>
) -> (value: Unicode.Scalar?, length: Int)? {
  let isHex = rest.first == "x" || rest.first == "X"
  let digits = rest.dropFirst(isHex ? 1 : 0)
    .prefix { isHex ? $0.properties.isASCIIHexDigit : 0x30...0x39 ~= $0.value }
  if digits.isEmpty { return nil }
  let isClosed = rest.dropFirst(digits.count + (isHex ? 1 : 0)).first == ";"
  let length = 1 + (isHex ? 1 : 0) + digits.count + (isClosed ? 1 : 0)
  let text = String(String.UnicodeScalarView(digits))
  let value = UInt32(text, radix: isHex ? 16 : 10) ?? .max
  switch value {
  case 0: return ("\u{FFFD}", length)
  case 0x0D: return ("\r", length)
  case 0x80...0x9F: return (windows1252[Int(value) - 0x80], length)
  // Control characters and what Unicode sets aside as no character.
  case 0x01...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0xFDD0...0xFDEF: return (nil, length)
  default:
    if value <= 0x10FFFF && value & 0xFFFE == 0xFFFE { return (nil, length) }
    return (Unicode.Scalar(value) ?? "\u{FFFD}", length)
  }
}

/// HTML's numbers 128 to 159 mean what they mean in this code page.
private let windows1252: [Unicode.Scalar] = Array(
  "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8D}Ž\u{8F}\u{90}‘’“”•–—˜™š›œ\u{9D}žŸ".unicodeScalars)

/// The names of U+00A0 to U+00FF, in order.
private let latin1 = """
  nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 \
  sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute \
  Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde \
  Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave \
  aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth \
  ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml
  """.split(separator: " ").map(String.init)

private let basic: [String: Unicode.Scalar] = [
  "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "AMP": "&", "LT": "<", "GT": ">", "QUOT": "\"",
  "COPY": "©", "REG": "®",
]

private let unclosed = Set(latin1 + basic.keys)

private let named: [String: Unicode.Scalar] = basic.merging(
  zip(latin1, (0xA0...0xFF).map { Unicode.Scalar(UInt8($0)) }), uniquingKeysWith: { $1 }
).merging(
  [
    "apos": "'", "OElig": "Œ", "oelig": "œ", "Scaron": "Š", "scaron": "š", "Yuml": "Ÿ",
    "ensp": "\u{2002}", "emsp": "\u{2003}", "thinsp": "\u{2009}", "zwnj": "\u{200C}",
    "zwj": "\u{200D}", "ndash": "–", "mdash": "—", "lsquo": "‘", "rsquo": "’", "sbquo": "‚",
    "ldquo": "“", "rdquo": "”", "bdquo": "„", "dagger": "†", "Dagger": "‡", "bull": "•",
    "hellip": "…", "permil": "‰", "prime": "′", "Prime": "″", "lsaquo": "‹", "rsaquo": "›",
    "euro": "€", "trade": "™", "larr": "←", "uarr": "↑", "rarr": "→", "darr": "↓", "minus": "−",
    "hearts": "♥",
  ], uniquingKeysWith: { $1 })

extension Unicode.Scalar {
  fileprivate var isASCIIAlphanumeric: Bool {
    switch value {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: false
    }
  }
}
