import CFreeType
import Support

/// Font files that FreeType has open. Used by one thread at a time.
final class FontFaces {
  private var library: FT_Library?
  private var faces: [FT_Face] = []

  init(paths: [String]) throws(InputError) {
    guard FT_Init_FreeType(&library) == 0 else {
      throw InputError(.inputOutput, "FreeType does not start", at: paths[0])
    }
    for path in paths {
      guard Files.exists(path) else { throw InputError(.missingInput, "no such font", at: path) }
      var face: FT_Face?
      guard FT_New_Face(library, path, 0, &face) == 0, let face else {
        throw InputError(.badData, "not a font that FreeType reads", at: path)
      }
      faces.append(face)
      guard face.pointee.face_flags & Int(FT_FACE_FLAG_SCALABLE) != 0 else {
        throw InputError(.badData, "a font of one size", at: path, expected: "outlines")
      }
    }
  }

  deinit {
    for face in faces { FT_Done_Face(face) }
    FT_Done_FreeType(library)
  }

  func has(_ letter: Unicode.Scalar) -> Bool {
    faces.contains { FT_Get_Char_Index($0, FT_ULong(letter.value)) != 0 }
  }

  /// Lines of one size are equally high, whichever letters stand in them.
  func line(_ letters: [Unicode.Scalar], size: Int) -> TextLine {
    for face in faces { FT_Set_Pixel_Sizes(face, 0, FT_UInt(size)) }
    let metrics = faces[0].pointee.size.pointee.metrics
    // 26.6 fixed point.
    let ascent = Int(metrics.ascender + 63) >> 6
    let descent = Int(63 - metrics.descender) >> 6
    let margin = max(1, size / 6)
    var glyphs: [TextLine.Glyph] = []
    var pen = margin << 6
    for letter in letters {
      guard let slot = load(letter) else { continue }
      let bitmap = slot.pointee.bitmap
      glyphs.append(
        TextLine.Glyph(
          x: pen >> 6 + Int(slot.pointee.bitmap_left), y: ascent - Int(slot.pointee.bitmap_top),
          width: Int(bitmap.width), height: Int(bitmap.rows), coverage: Self.coverage(bitmap)))
      pen += Int(slot.pointee.advance.x)
    }
    let right = max((pen + 63) >> 6, glyphs.map { $0.x + $0.width }.max() ?? 0)
    return TextLine(width: right + margin, height: ascent + descent, glyphs)
  }

  /// Draws a letter, a box where no face has it.
  private func load(_ letter: Unicode.Scalar) -> FT_GlyphSlot? {
    let code = FT_ULong(letter.value)
    let face = faces.first { FT_Get_Char_Index($0, code) != 0 } ?? faces[0]
    let index = FT_Get_Char_Index(face, code)
    guard FT_Load_Glyph(face, index, FT_Int32(FT_LOAD_RENDER)) == 0 else { return nil }
    return face.pointee.glyph
  }

  private static func coverage(_ bitmap: FT_Bitmap) -> [UInt8] {
    let (width, height, pitch) = (Int(bitmap.width), Int(bitmap.rows), Int(bitmap.pitch))
    guard let buffer = bitmap.buffer else { return [] }
    let isGrey = UInt32(bitmap.pixel_mode) == FT_PIXEL_MODE_GRAY.rawValue
    return (0..<height).flatMap { y in
      (0..<width).map { x in
        isGrey
          ? buffer[y * pitch + x] : buffer[y * pitch + x / 8] >> (7 - x % 8) & 1 == 1 ? 255 : 0
      }
    }
  }
}
