import Foundation
public import Support
import Synchronization

/// Letters for labels on pictures: outlines of font files, or built-in Latin ones without any file.
///
/// Letters stand one by one, in the order in which they are read: those that change their shape with
/// their neighbours (Arabic, Devanagari) are legible, not beautiful. Safe to use from several threads.
public final class LabelFont: Sendable {
  /// A font file, and Debian's package that installs it.
  public struct File: Sendable {
    public let path: String
    public let package: String

    public init(path: String, package: String) { (self.path, self.package) = (path, package) }
  }

  /// Where letters are looked for, in this order: Latin, Greek, Cyrillic, Arabic, Hebrew and more;
  /// Chinese, Japanese and Korean; all other scripts.
  public static let files = [
    File(
      path: "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", package: "fonts-dejavu-core"),
    File(
      path: "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
      package: "fonts-droid-fallback"),
    File(path: "/usr/share/fonts/opentype/unifont/unifont.otf", package: "fonts-unifont"),
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

  /// Whether every letter of `text` has a picture; the others are drawn as boxes.
  public func has(_ text: String) -> Bool {
    let letters = Self.letters(text)
    return faces.withLock { faces in
      guard let faces else { return text.allSatisfy { BitmapFont.rows(of: $0) != BitmapFont.box } }
      return letters.allSatisfy { faces.has($0) }
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

  /// The characters to draw from left to right: composed where Unicode can, runs of right-to-left
  /// letters turned round, and nothing that is not to be seen.
  static func letters(_ text: String) -> [Unicode.Scalar] {
    var clusters: [Character] = []
    var run: [Character] = []
    func isRightToLeft(_ character: Character) -> Bool {
      let code = character.unicodeScalars.first!.value
      return (0x590...0x8FF).contains(code) || (0xFB1D...0xFDFF).contains(code)
        || (0xFE70...0xFEFF).contains(code)
    }
    func endRun() {
      // What follows the last right-to-left letter belongs to the text around.
      let kept = run.lastIndex(where: isRightToLeft).map { $0 + 1 } ?? 0
      clusters += run[..<kept].reversed() + run[kept...]
      run = []
    }
    for character in text.precomposedStringWithCanonicalMapping {
      let isJoining = !run.isEmpty && !character.isLetter && !character.isNumber
      if isRightToLeft(character) || isJoining {
        run.append(character)
      } else {
        endRun()
        clusters.append(character)
      }
    }
    endRun()
    return clusters.flatMap(\.unicodeScalars).filter {
      !$0.properties.isDefaultIgnorableCodePoint && $0.properties.generalCategory != .control
    }
  }
}
