import Foundation
public import Support
import Synchronization

/// Letters for labels on pictures: outlines of font files, or built-in Latin ones without any file.
///
/// Letters stand one by one, each with its marks, in the order in which they are read. They are not
/// shaped: those that change with their neighbours (Arabic, Devanagari, Khmer) are legible, not joined,
/// and the vowel signs that Indic scripts write before a consonant follow it. Safe to use from several
/// threads.
public final class LabelFont: Sendable {
  /// A font file, and Debian's package that installs it.
  public struct File: Sendable {
    public let path: String
    public let package: String

    public init(path: String, package: String) { (self.path, self.package) = (path, package) }
  }

  /// Where letters are looked for, in this order: Latin, Greek, Cyrillic, Arabic, Hebrew and more;
  /// Chinese, Japanese and Korean; all other scripts, also those beyond the first 65,536 characters.
  public static let files = [
    File(
      path: "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", package: "fonts-dejavu-core"),
    File(
      path: "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
      package: "fonts-droid-fallback"),
    File(path: "/usr/share/fonts/opentype/unifont/unifont.otf", package: "fonts-unifont"),
    File(path: "/usr/share/fonts/opentype/unifont/unifont_upper.otf", package: "fonts-unifont"),
  ]

  /// Letters of 5 x 7 pixels, enlarged: printable ASCII; accents are dropped, all else is a box.
  public static let builtIn = LabelFont(nil)

  /// Nil for the built-in letters.
  private let faces: Mutex<FontFaces?>

  /// - Parameter paths: font files, at least one; a letter comes from the first that has it.
  /// - Throws: `InputError`: `missingInput` for no file, `badData` for one that is no font.
  public convenience init(paths: [String]) throws(InputError) {
    precondition(!paths.isEmpty, "letters come from a file")
    self.init(try FontFaces(paths: paths))
  }

  private init(_ faces: sending FontFaces?) {
    self.faces = Mutex(faces)
  }

  /// Whether every letter of `text` has a picture; the others are drawn as boxes with their numbers.
  public func has(_ text: String) -> Bool {
    let letters = Self.letters(text)
    return faces.withLock { faces in
      guard let faces else { return text.allSatisfy { BitmapFont.rows(of: $0) != BitmapFont.box } }
      return letters.joined().allSatisfy { faces.has($0) }
    }
  }

  /// What marks a name that had no label in training.
  public var star: String { has("★") ? "★" : "*" }

  /// A line of text.
  ///
  /// - Parameter size: the letters' height in pixels with what is above and below small ones: about a
  ///   third more than a capital; at least 1.
  public func line(_ text: String, size: Int) -> TextLine {
    precondition(size > 0, "letters have a size")
    let letters = Self.letters(text)
    return faces.withLock { faces in
      faces?.line(letters, size: size) ?? BitmapFont.line(text, scale: max(1, (size + 4) / 10))
    }
  }

  /// The letters to draw from left to right, each with its marks: composed where Unicode can, and
  /// nothing that is not to be seen.
  static func letters(_ text: String) -> [[Unicode.Scalar]] {
    VisualOrder.characters(of: text.precomposedStringWithCanonicalMapping).map { character in
      character.unicodeScalars.filter {
        !$0.properties.isDefaultIgnorableCodePoint && $0.properties.generalCategory != .control
      }
    }
  }
}
