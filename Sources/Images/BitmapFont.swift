import Foundation

/// Letters of 5 x 7 pixels for the printable ASCII characters.
enum BitmapFont {
  static let glyphWidth = 5
  static let glyphHeight = 7

  /// The rows of a letter from the top, five bits each, the highest bit leftmost.
  ///
  /// Accents are dropped; a character without a letter here gives a box.
  static func rows(of character: Character) -> [UInt8] {
    let plain = String(character).folding(options: .diacriticInsensitive, locale: nil)
    guard plain.unicodeScalars.count == 1, let code = plain.unicodeScalars.first?.value,
      (32...126).contains(code)
    else { return box }
    return glyphs[Int(code) - 32]
  }

  static let box: [UInt8] = decode("VHHHHHV")

  /// A line of text with a margin of `scale` pixels all round.
  ///
  /// - Parameter scale: the pixels of the line to a pixel of a letter, at least 1.
  static func line(_ text: String, scale: Int) -> TextLine {
    let glyphs = text.enumerated().map { place, character in
      let rows = rows(of: character)
      let (width, height) = (glyphWidth * scale, glyphHeight * scale)
      return TextLine.Glyph(
        x: (1 + place * (glyphWidth + 1)) * scale, y: scale, width: width, height: height,
        coverage: (0..<width * height).map { index in
          let (row, column) = (index / width / scale, index % width / scale)
          return rows[row] >> (glyphWidth - 1 - column) & 1 == 1 ? 255 : 0
        })
    }
    return TextLine(
      width: (text.count * (glyphWidth + 1) + 1) * scale, height: (glyphHeight + 2) * scale, glyphs)
  }

  /// A letter is seven base-32 digits, a row each: V is 11111, H is 10001, 4 is 00100.
  private static func decode(_ digits: Substring) -> [UInt8] {
    digits.utf8.map { $0 < 65 ? $0 - 48 : $0 - 55 }
  }

  private static let glyphs: [[UInt8]] = (punctuation + digits + capitals + brackets + small + end)
    .split(whereSeparator: \.isWhitespace).map(decode)

  // space ! " # $ % & ' ( ) * + , - . /
  private static let punctuation = """
    0000000 4444404 AAA0000 0AVAVA0 4FKE5U4 OP248J3 CIKCLID 4480000
    2488842 8422248 04LELK0 044V440 0000CC8 000V000 00000CC 1122488

    """
  // 0-9 : ; < = > ? @
  private static let digits = """
    EHJLPHE 4C4444E EH1248V V2421HE 26AIV22 VGU11HE 68GUHHE
    V122444 EHHEHHE EHHF12C 0CC0CC0 0CC0CC8 248G842 00V0V00
    G84248G EH12404 EH1DLLE

    """
  // A-Z
  private static let capitals = """
    EHHVHHH UHHUHHU EHGGGHE SIHHHIS VGGUGGV VGGUGGG EHGNHHF HHHVHHH E44444E
    72222IC HIKOKIH GGGGGGV HRLLHHH HHPLJHH EHHHHHE UHHUGGG EHHHLID UHHUKIH
    FGGE11U V444444 HHHHHHE HHHHHA4 HHHLLLA HHA4AHH HHHA444 V1248GV

    """
  // [ \ ] ^ _ `
  private static let brackets = """
    E88888E GG88421 E22222E 4AH0000 000000V 8420000

    """
  // a-z
  private static let small = """
    00E1FHF GGMPHHU 00EGGHE 11DJHHF 00EHVGE 698S888 00FHF1E GGMPHHH 40C444E
    20622IC GGIKOKI C44444E 00QLLHH 00MPHHH 00EHHHE 00UHUGG 00DJF11 00MPGGG
    00EGE1U 88S8896 00HHHJD 00HHHA4 00HHLLA 00HA4AH 00HHF1E 00V248V

    """
  // { | } ~
  private static let end = "2448442 4444444 8442448 008L200"
}
