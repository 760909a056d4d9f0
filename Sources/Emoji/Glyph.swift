/// A picture of an object: what the font draws for one character.
///
/// Kept with halves, quarters and so on of its size, so that it can be drawn small without aliasing.
public struct Glyph: Sendable {
  /// Columns of the smallest rectangle around the pixels that are not fully transparent.
  public let width: Int
  /// Rows of that rectangle.
  public let height: Int
  /// The picture, then each half the size of the one before.
  let levels: [GlyphLevel]
  /// Corners of the convex hull of what is at least half opaque, in pixels from the centre of the
  /// rectangle: a placed glyph's box follows from them.
  let hull: [SIMD2<Double>]

  /// The part of a picture that is not transparent; nil when none is at least half opaque.
  ///
  /// - Parameter pixels: width x height x 4 bytes: red, green, blue, premultiplied, and alpha.
  public init?(width: Int, height: Int, pixels: [UInt8]) {
    precondition(pixels.count == width * height * 4, "pixels are height x width x 4")
    var (left, top, right, bottom) = (width, height, -1, -1)
    for y in 0..<height {
      for x in 0..<width where pixels[(y * width + x) * 4 + 3] > 0 {
        (left, right) = (min(left, x), max(right, x))
        (top, bottom) = (min(top, y), max(bottom, y))
      }
    }
    if right < 0 { return nil }
    self.width = right + 1 - left
    self.height = bottom + 1 - top
    var level = GlyphLevel(width: self.width, height: self.height) { x, y in
      let start = ((y + top) * width + x + left) * 4
      return SIMD4(pixels[start], pixels[start + 1], pixels[start + 2], pixels[start + 3])
    }
    hull = level.hull()
    if hull.isEmpty { return nil }
    var levels = [level]
    while level.width > 4 || level.height > 4 {
      level = level.halved()
      levels.append(level)
    }
    self.levels = levels
  }

  /// The picture at its native size: height x width x 4 bytes, red, green, blue, premultiplied, and
  /// alpha.
  public var pixels: [UInt8] {
    (0..<height).flatMap { y in
      (0..<width).flatMap { x -> [UInt8] in
        let pixel = levels[0][x, y]
        return (0..<4).map { pixel[$0] }
      }
    }
  }
}

extension Glyph {
  /// The same picture with a resolution of at most 12 pixels.
  var softened: Glyph {
    let coarse = levels.drop { max($0.width, $0.height) > 12 }
    return Glyph(levels: Array(coarse), hull: [])
  }

  private init(levels: [GlyphLevel], hull: [SIMD2<Double>]) {
    width = levels[0].width
    height = levels[0].height
    self.levels = levels
    self.hull = hull
  }
}

/// A picture with a transparent border of one pixel, so that reading between pixels needs no care at
/// the edges.
struct GlyphLevel: Sendable {
  let width, height: Int
  /// (height + 2) x (width + 2) pixels: red in the lowest byte, then green, blue and alpha.
  let texels: [UInt32]

  init(width: Int, height: Int, _ pixel: (_ x: Int, _ y: Int) -> SIMD4<UInt8>) {
    self.width = width
    self.height = height
    var texels = [UInt32](repeating: 0, count: (width + 2) * (height + 2))
    for y in 0..<height {
      for x in 0..<width {
        let p = SIMD4<UInt32>(truncatingIfNeeded: pixel(x, y))
        texels[(y + 1) * (width + 2) + x + 1] = p.x | p.y << 8 | p.z << 16 | p.w << 24
      }
    }
    self.texels = texels
  }

  subscript(x: Int, y: Int) -> SIMD4<UInt8> {
    let texel = texels[(y + 1) * (width + 2) + x + 1]
    return SIMD4(truncatingIfNeeded: SIMD4(texel, texel >> 8, texel >> 16, texel >> 24))
  }

  /// Means of two by two pixels; what lies outside is transparent.
  func halved() -> GlyphLevel {
    // The border stands in for a column or row that is missing.
    GlyphLevel(width: (width + 1) / 2, height: (height + 1) / 2) { x, y in
      var sum = SIMD4<UInt16>(repeating: 2)
      for v in 2 * y...2 * y + 1 {
        for u in 2 * x...2 * x + 1 { sum &+= SIMD4(truncatingIfNeeded: self[u, v]) }
      }
      return SIMD4(truncatingIfNeeded: sum &>> 2)
    }
  }

  /// Andrew's monotone chain over the pixels' corners that are at least half opaque.
  func hull() -> [SIMD2<Double>] {
    var points = [SIMD2<Double>]()
    for x in 0...width {
      // Of the pixels beside this line of corners, the highest and the lowest.
      var (top, bottom) = (height, -1)
      for beside in max(0, x - 1)..<min(width, x + 1) {
        for y in 0..<height where self[beside, y].w >= 128 {
          (top, bottom) = (min(top, y), max(bottom, y))
        }
      }
      if bottom < 0 { continue }
      let offset = SIMD2(Double(width), Double(height)) / 2
      points.append(SIMD2(Double(x), Double(top)) - offset)
      points.append(SIMD2(Double(x), Double(bottom + 1)) - offset)
    }
    func chain(_ points: some Sequence<SIMD2<Double>>) -> [SIMD2<Double>] {
      var chain = [SIMD2<Double>]()
      for point in points {
        while chain.count >= 2 {
          let (a, b) = (chain[chain.count - 2], chain[chain.count - 1])
          if (b.x - a.x) * (point.y - a.y) - (b.y - a.y) * (point.x - a.x) > 0 { break }
          chain.removeLast()
        }
        chain.append(point)
      }
      return chain
    }
    return chain(points) + chain(points.reversed())
  }
}
