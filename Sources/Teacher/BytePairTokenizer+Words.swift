import Foundation

extension BytePairTokenizer {
  /// A part of a text that is tokenized by itself.
  package enum Word: Equatable {
    /// The marks, written out in a text, stand for themselves.
    case start, end
    /// UTF-8.
    case bytes([UInt8])
  }

  /// Contractions, runs of letters, single numerals, and runs of everything else but white space.
  package static func forEachWord(of text: [Unicode.Scalar], _ body: (Word) -> Void) {
    var rest = text[...]
    func take(_ count: Int) -> Word {
      defer { rest = rest.dropFirst(count) }
      var bytes: [UInt8] = []
      bytes.reserveCapacity(count)
      for scalar in rest.prefix(count) {
        if scalar.isASCII {
          bytes.append(UInt8(scalar.value))
        } else {
          bytes.append(contentsOf: String(scalar).utf8)
        }
      }
      return .bytes(bytes)
    }
    while let first = rest.first {
      let kind = Kind(first)
      if kind == .space {
        rest = rest.dropFirst()
      } else if first == "<", let (mark, word) = marks.first(where: { rest.starts(with: $0.0) }) {
        rest = rest.dropFirst(mark.count)
        body(word)
      } else if first == "'", let ending = contractions.first(where: { rest.starts(with: $0) }) {
        body(take(ending.count))
      } else if kind == .numeral {
        body(take(1))
      } else {
        body(take(rest.prefix { Kind($0) == kind }.count))
      }
    }
  }

  private static let marks: [([Unicode.Scalar], Word)] = [
    (Array(startOfText.unicodeScalars), .start), (Array(endOfText.unicodeScalars), .end),
  ]

  private static let contractions: [[Unicode.Scalar]] =
    ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"].map { Array($0.unicodeScalars) }

  private enum Kind {
    case space, letter, numeral, other

    init(_ scalar: Unicode.Scalar) {
      switch scalar.value {
      // Most of all text; the tables of Unicode take their time.
      case 0x61...0x7A, 0x41...0x5A: self = .letter
      case 0x30...0x39: self = .numeral
      case 0x20, 0x09...0x0D: self = .space
      case 0..<0x80: self = .other
      default:
        if scalar.properties.isWhitespace {
          self = .space
          return
        }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
          self = .letter
        case .decimalNumber, .letterNumber, .otherNumber: self = .numeral
        default: self = .other
        }
      }
    }
  }
}
