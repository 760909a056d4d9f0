/// A glyph at 32 x 32 pixels, to tell which glyphs no eye tells apart when they are small.
struct GlyphSignature: Sendable {
  static let side = 32
  /// Glyphs of one subgroup that are nearer than this, in levels of 0...255, count as one: medals
  /// with different numbers, books with different covers.
  static let nearest: Float = 50

  /// side x side pixels of red, green, blue, premultiplied, and alpha, 0...255: the glyph fills the
  /// square along its longer side.
  let pixels: [SIMD4<Float>]
  /// Opaque area in pixels.
  let area: Float

  init(_ glyph: Glyph) {
    let side = Self.side
    var pixels = [SIMD4<Float>](repeating: .zero, count: side * side)
    let middle = Double(side) / 2
    glyph.sample(
      Placement(
        centre: SIMD2(middle, middle), scale: Double(side) / Double(max(glyph.width, glyph.height))),
      width: side, height: side
    ) { x, y, color in pixels[y * side + x] = levels(color) }
    self.pixels = pixels
    area = pixels.reduce(0) { $0 + $1.w } / 255
  }

  /// The root mean square difference of two glyphs over the pixels and channels of the larger one's
  /// opaque area; of the one and the other mirrored, where that is less, because training mirrors
  /// images.
  func distance(to other: GlyphSignature) -> Float {
    let side = Self.side
    var (straight, mirrored) = (SIMD4<Float>.zero, SIMD4<Float>.zero)
    for y in 0..<side {
      for x in 0..<side {
        let pixel = pixels[y * side + x]
        let difference = pixel - other.pixels[y * side + x]
        let mirroredDifference = pixel - other.pixels[y * side + side - 1 - x]
        straight += difference * difference
        mirrored += mirroredDifference * mirroredDifference
      }
    }
    return (min(straight.sum(), mirrored.sum()) / (4 * max(area, other.area))).squareRoot()
  }
}

/// The colour that `Glyph.sample` gives, in levels of 0...255.
@inline(__always)
func levels(_ color: UInt64) -> SIMD4<Float> {
  SIMD4(
    Float(UInt16(truncatingIfNeeded: color)), Float(UInt16(truncatingIfNeeded: color &>> 16)),
    Float(UInt16(truncatingIfNeeded: color &>> 32)), Float(UInt16(truncatingIfNeeded: color &>> 48))
  )
    * (1 / 256)
}
