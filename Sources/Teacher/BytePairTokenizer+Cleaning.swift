import Foundation

extension BytePairTokenizer {
  /// CLIP's clean-up: typographic variants made plain, HTML references resolved twice, white space
  /// collapsed and trimmed, lower case.
  ///
  /// OpenAI's code calls ftfy first. Of what that does, quotation marks, full-width forms,
  /// ligatures, control characters and composed accents are done here; text decoded with the wrong
  /// encoding is not repaired.
  package static func cleaned(_ text: String) -> [Unicode.Scalar] {
    let plain = unescaped(unescaped(madePlain(text)))
    var clean: [Unicode.Scalar] = []
    clean.reserveCapacity(plain.count)
    for (place, scalar) in plain.enumerated() {
      switch scalar.value {
      case 0x41...0x5A: clean.append(Unicode.Scalar(UInt8(scalar.value) + 32))
      case 0x21...0x7F: clean.append(scalar)
      case 0x03A3: clean.append(plain.endsWord(at: place) ? "ς" : "σ")
      case 0x1C...0x1F,
        _ where scalar.properties.isWhitespace:
        if clean.last != " " && !clean.isEmpty { clean.append(" ") }
      default: clean.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
      }
    }
    if clean.last == " " { clean.removeLast() }
    return clean
  }

  private static func madePlain(_ text: String) -> [Unicode.Scalar] {
    let isPlain = text.utf8.allSatisfy { 0x20..<0x7F ~= $0 }
    if isPlain { return Array(text.unicodeScalars) }
    var plain = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x02BC, 0x2018...0x201B: plain.append("'")
      case 0x201C...0x201F: plain.append("\"")
      case 0x0149: plain.append(contentsOf: "'n".unicodeScalars)
      case 0x0132, 0x0133, 0x01C4...0x01CC, 0x01F1...0x01F3, 0xFB00...0xFB06,
        0xFF01...0xFFEF:
        let compatible = String(scalar).precomposedStringWithCompatibilityMapping
        plain.append(contentsOf: compatible.unicodeScalars)
      case 0x00...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0x206A...0x206F, 0xFEFF, 0xFFF9...0xFFFC: continue
      default: plain.append(scalar)
      }
    }
    return Array(String(plain).precomposedStringWithCanonicalMapping.unicodeScalars)
  }
}
