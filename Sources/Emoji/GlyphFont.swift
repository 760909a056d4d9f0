import CFreeType
import Support

/// The font that the pictures of objects come from. Used by one thread.
final class GlyphFont {
  static let family = "Noto Color Emoji"
  static let version = "2.042"

  private let path: String
  private var library: FT_Library?
  private var face: FT_Face?

  /// - Throws: `InputError`: `missingInput` for no file, `badData` for one that is no font, of another
  ///   family or version, or has no bitmaps.
  init(path: String) throws(InputError) {
    self.path = path
    let package = "fonts-noto-color-emoji"
    try EmojiFiles.require(path, package: package)
    guard FT_Init_FreeType(&library) == 0 else {
      throw InputError(.inputOutput, "FreeType does not start", at: path)
    }
    guard FT_New_Face(library, path, 0, &face) == 0, let face else {
      throw InputError(
        .badData, "not a font that FreeType reads", at: path,
        hint: "reinstall Debian's package \(package)")
    }
    let name = face.pointee.family_name.map { String(cString: $0) } ?? "a font without a name"
    guard let head = FT_Get_Sfnt_Table(face, FT_SFNT_HEAD) else {
      throw InputError(.badData, "a font without a version", at: path)
    }
    // 16.16 fixed point, to three decimals.
    let revision = head.assumingMemoryBound(to: TT_Header.self).pointee.Font_Revision
    let thousandths = (Int(revision) * 1000 + 32768) >> 16
    let digits = String(thousandths % 1000)
    let found = "\(thousandths / 1000)." + String(repeating: "0", count: 3 - digits.count) + digits
    guard name == Self.family, found == Self.version else {
      throw EmojiFiles.otherVersion(
        path, expected: "\(Self.family) \(Self.version)", got: "\(name) \(found)",
        package: package)
    }
    guard face.pointee.num_fixed_sizes > 0, FT_Select_Size(face, 0) == 0 else {
      throw InputError(
        .badData, "a font without bitmaps", at: path, expected: "the table CBDT",
        hint: "reinstall Debian's package \(package)")
    }
  }

  deinit {
    FT_Done_Face(face)
    FT_Done_FreeType(library)
  }

  /// The picture of a character; nil when the font has none, or an empty one.
  ///
  /// - Throws: `InputError` for a bitmap that cannot be read.
  func glyph(of codePoint: UInt32) throws(InputError) -> Glyph? {
    let index = FT_Get_Char_Index(face, FT_ULong(codePoint))
    if index == 0 { return nil }
    guard FT_Load_Glyph(face, index, FT_Int32(FT_LOAD_COLOR)) == 0, let slot = face?.pointee.glyph,
      Int32(slot.pointee.bitmap.pixel_mode) == Int32(FT_PIXEL_MODE_BGRA.rawValue)
    else {
      throw InputError(
        .badData, "no coloured bitmap can be read", at: path,
        got: "the character U+\(String(codePoint, radix: 16, uppercase: true))")
    }
    let bitmap = slot.pointee.bitmap
    let (width, height) = (Int(bitmap.width), Int(bitmap.rows))
    guard let buffer = bitmap.buffer, width > 0, height > 0 else { return nil }
    var pixels = [UInt8](repeating: 0, count: width * height * 4)
    for y in 0..<height {
      let row = buffer + y * Int(bitmap.pitch)
      for x in 0..<width {
        let start = (y * width + x) * 4
        // Blue, green, red, alpha.
        pixels[start] = row[x * 4 + 2]
        pixels[start + 1] = row[x * 4 + 1]
        pixels[start + 2] = row[x * 4]
        pixels[start + 3] = row[x * 4 + 3]
      }
    }
    return Glyph(width: width, height: height, pixels: pixels)
  }
}
