import Support

/// Where the files that the benchmark is made of lie, and which versions of them it is defined for:
/// other versions have other glyphs and names, and would give another benchmark under the same name.
public struct EmojiFiles: Sendable {
  /// The font, Noto Color Emoji with bitmaps in CBDT; package fonts-noto-color-emoji.
  public var font: String
  /// Unicode's list of emoji, `emoji-test.txt`; package unicode-data.
  public var emojiTest: String
  /// CLDR's folder `common`, of which the English annotations are read; package unicode-cldr-core.
  public var cldr: String

  /// - Parameters: the paths of the files; see the properties.
  public init(font: String, emojiTest: String, cldr: String) {
    self.font = font
    self.emojiTest = emojiTest
    self.cldr = cldr
  }

  /// Where Debian's packages put them.
  public static let debian = EmojiFiles(
    font: "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf",
    emojiTest: "/usr/share/unicode/emoji/emoji-test.txt", cldr: "/usr/share/unicode/cldr/common")

  /// The text of a file.
  ///
  /// - Throws: `InputError` that names the package the file comes from when it is missing.
  static func text(of path: String, package: String) throws(InputError) -> String {
    try require(path, package: package)
    guard let text = String(validating: try Files.read(path), as: UTF8.self) else {
      throw InputError(.badData, "not a text in UTF-8", at: path, hint: hint(package))
    }
    return text
  }

  /// - Throws: `InputError` that names the package when there is no such file.
  static func require(_ path: String, package: String) throws(InputError) {
    guard Files.exists(path) else {
      throw InputError(.missingInput, "no such file", at: path, hint: hint(package))
    }
  }

  /// What an error says of a file that is not the one the benchmark is defined for.
  static func otherVersion(
    _ path: String, expected: String, got: String, package: String
  ) -> InputError {
    InputError(
      .badData, "not the version the benchmark is defined for", at: path, expected: expected,
      got: got, hint: "Debian 12 has it in the package \(package)")
  }

  private static func hint(_ package: String) -> String {
    "it comes with Debian's package \(package): apt-get install \(package)"
  }
}
