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

  func has(_ letter: Unicode.Scalar) -> Bool { face(of: [letter]) != nil }

  /// Lines of one size are equally high, whichever letters stand in them.
  ///
  /// - Parameter letters: from left to right, each with the marks on it.
  func line(_ letters: [[Unicode.Scalar]], size: Int) -> TextLine {
    for face in faces { FT_Set_Pixel_Sizes(face, 0, FT_UInt(size)) }
    let metrics = faces[0].pointee.size.pointee.metrics
    // 26.6 fixed point.
    let ascent = Int(metrics.ascender + 63) >> 6
    let descent = Int(63 - metrics.descender) >> 6
    let margin = max(1, size / 6)
    var glyphs: [TextLine.Glyph] = []
    var pen = margin << 6
    for letter in letters {
      // Marks fit the letters of their own font.
      let common = face(of: letter)
      let start = pen
      var base: Int?
      for scalar in letter {
        guard let face = common ?? face(of: [scalar]) else {
          let box = box(scalar, x: pen >> 6, baseline: ascent, size: size)
          glyphs += box.glyphs
          pen += box.width << 6
          continue
        }
        guard let slot = load(scalar, of: face) else { continue }
        let bitmap = slot.pointee.bitmap
        var x = pen >> 6 + Int(slot.pointee.bitmap_left)
        let advance = Int(slot.pointee.advance.x)
        if let base, advance == 0 {
          // A mark stands where its font has it, from the letter's end or its beginning; one of another
          // font in the middle.
          if base != face {
            x = (start + pen) >> 7 - Int(bitmap.width) / 2
          } else if slot.pointee.bitmap_left >= 0 {
            x = start >> 6 + Int(slot.pointee.bitmap_left)
          }
        }
        glyphs.append(
          TextLine.Glyph(
            x: x, y: ascent - Int(slot.pointee.bitmap_top), width: Int(bitmap.width),
            height: Int(bitmap.rows), coverage: Self.coverage(bitmap)))
        pen += advance
        base = base ?? face
      }
    }
    let right = max((pen + 63) >> 6, glyphs.map { $0.x + $0.width }.max() ?? 0)
    return TextLine(width: right + margin, height: ascent + descent, glyphs)
  }

  /// The first face that has all of them.
  private func face(of letters: [Unicode.Scalar]) -> Int? {
    faces.firstIndex { face in
      letters.allSatisfy { FT_Get_Char_Index(face, FT_ULong($0.value)) != 0 }
    }
  }

  private func load(_ letter: Unicode.Scalar, of face: Int) -> FT_GlyphSlot? {
    let index = FT_Get_Char_Index(faces[face], FT_ULong(letter.value))
    guard FT_Load_Glyph(faces[face], index, FT_Int32(FT_LOAD_RENDER)) == 0 else { return nil }
    return faces[face].pointee.glyph
  }

  /// What stands for a letter that no face has: a frame around its number.
  private func box(
    _ letter: Unicode.Scalar, x: Int, baseline: Int, size: Int
  ) -> (glyphs: [TextLine.Glyph], width: Int) {
    FT_Set_Pixel_Sizes(faces[0], 0, FT_UInt(max(1, size / 2)))
    defer { FT_Set_Pixel_Sizes(faces[0], 0, FT_UInt(size)) }
    let (height, gap) = (max(3, size * 3 / 4), max(2, size / 10))
    var glyphs: [TextLine.Glyph] = []
    var pen = x + gap
    for digit in String(letter.value, radix: 16, uppercase: true).unicodeScalars {
      guard let slot = load(digit, of: 0) else { continue }
      let bitmap = slot.pointee.bitmap
      glyphs.append(
        TextLine.Glyph(
          x: pen + Int(slot.pointee.bitmap_left),
          y: baseline - size / 5 - Int(slot.pointee.bitmap_top), width: Int(bitmap.width),
          height: Int(bitmap.rows), coverage: Self.coverage(bitmap)))
      pen += Int(slot.pointee.advance.x + 32) >> 6
    }
    let width = pen + gap - x
    let frame = (0..<width * height).map { place -> UInt8 in
      let (row, column) = (place / width, place % width)
      return row == 0 || row == height - 1 || column == 0 || column == width - 1 ? 255 : 0
    }
    glyphs.append(
      TextLine.Glyph(x: x, y: baseline - height, width: width, height: height, coverage: frame))
    return (glyphs, width + 1)
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
