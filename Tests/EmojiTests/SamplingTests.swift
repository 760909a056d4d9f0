import Emoji
import Testing

@Suite struct SamplingTests {
  /// 3 x 2 pixels, all opaque: 0 10 20 / 30 40 50 in red.
  private let glyph = Glyph(
    width: 3, height: 2, pixels: [0, 10, 20, 30, 40, 50].flatMap { [$0, 0, 0, 255] })

  private func red(_ glyph: Glyph, _ placement: Placement, width: Int, height: Int) -> [Double] {
    var levels = [Double](repeating: 0, count: width * height)
    glyph.sample(placement, width: width, height: height) { x, y, color in
      levels[y * width + x] = Double(color & 0xFFFF) / 256
    }
    return levels
  }

  @Test func atItsOwnSizeNothingChanges() throws {
    let glyph = try #require(glyph)
    let placement = Placement(centre: SIMD2(1.5, 1), scale: 1)
    #expect(red(glyph, placement, width: 3, height: 2) == [0, 10, 20, 30, 40, 50])
    // Two pixels to the right and one down, cut off by the border.
    let moved = Placement(centre: SIMD2(3.5, 2), scale: 1)
    #expect(red(glyph, moved, width: 4, height: 2) == [0, 0, 0, 0, 0, 0, 0, 10])
  }

  @Test func aQuarterTurnIsClockwise() throws {
    let glyph = try #require(glyph)
    let placement = Placement(centre: SIMD2(1, 1.5), scale: 1, angle: .pi / 2)
    #expect(red(glyph, placement, width: 2, height: 3) == [30, 0, 40, 10, 50, 20])
  }

  @Test func everyFourthPixelIsTheSame() throws {
    let glyph = try catalogue().glyphs[5]
    let placement = Placement(centre: SIMD2(70, 61), scale: 0.9, angle: 0.4, shear: 0.1)
    var all = [UInt64](repeating: 0, count: 140 * 130)
    glyph.sample(placement, width: 140, height: 130) { all[$1 * 140 + $0] = $2 }
    var some = [UInt64](repeating: 0, count: 140 * 130)
    glyph.sample(placement, width: 140, height: 130, stride: 4) { some[$1 * 140 + $0] = $2 }
    for y in 0..<130 {
      for x in 0..<140 {
        #expect(some[y * 140 + x] == (x % 4 == 0 && y % 4 == 0 ? all[y * 140 + x] : 0))
      }
    }
  }

  /// Against 8 x 8 places a pixel, each read from the nearest pixel of the picture.
  @Test(arguments: [0.05, 0.11, 0.2, 0.33, 0.5, 0.7, 0.9, 1, 1.6], [0.0, 0.5, -0.9, 3])
  func likeANaiveSampler(scale: Double, angle: Double) throws {
    let glyph = try catalogue().glyphs[100]
    let side = Int(Double(glyph.width + glyph.height) * scale * 1.2) + 4
    let placement = Placement(
      centre: SIMD2(Double(side) / 2 + 0.3, Double(side) / 2 - 0.2), scale: scale, angle: angle,
      stretch: 1.1, shear: 0.1)
    var sampled = [Double](repeating: 0, count: side * side)
    glyph.sample(placement, width: side, height: side) { x, y, color in
      sampled[y * side + x] = Double(color >> 48) / 256
    }
    let naive = naiveAlpha(glyph, placement, width: side, height: side)
    let total = naive.reduce(0, +)
    let difference = zip(sampled, naive).reduce(0) { $0 + abs($1.0 - $1.1) }
    #expect(abs(sampled.reduce(0, +) - total) < 0.02 * total, "as much of it in all")
    // Edges are a little softer or harder; small pictures are all edge.
    #expect(difference < (scale < 0.1 ? 0.35 : 0.15) * total, "\(difference / total)")
  }

  @Test func aBoxIsThatOfItsPixels() throws {
    for (index, glyph) in try catalogue().glyphs.enumerated() where index % 40 == 0 {
      let placement = Placement(
        centre: SIMD2(100, 100), scale: 0.8, angle: Double(index), stretch: 0.9, shear: -0.1)
      let bounds = placement.bounds(of: glyph)
      var (low, high) = (SIMD2(200, 200), SIMD2(0, 0))
      glyph.sample(placement, width: 200, height: 200) { x, y, color in
        guard color >> 63 == 1 else { return }
        low = pointwiseMin(low, SIMD2(x, y))
        high = pointwiseMax(high, SIMD2(x + 1, y + 1))
      }
      for axis in 0..<2 {
        #expect(abs(bounds.low[axis] - Double(low[axis])) < 2.5)
        #expect(abs(bounds.high[axis] - Double(high[axis])) < 2.5)
      }
    }
  }
}

/// Opacity of 0...255, the plain way.
func naiveAlpha(_ glyph: Glyph, _ placement: Placement, width: Int, height: Int) -> [Double] {
  let pixels = glyph.pixels
  let determinant = placement.across.x * placement.down.y - placement.across.y * placement.down.x
  let fine = 8
  return (0..<height).flatMap { y in
    (0..<width).map { x in
      var sum = 0.0
      for part in 0..<fine * fine {
        let offset =
          SIMD2(
            Double(x) + (Double(part % fine) + 0.5) / Double(fine),
            Double(y) + (Double(part / fine) + 0.5) / Double(fine)) - placement.centre
        let u = (offset.x * placement.down.y - offset.y * placement.down.x) / determinant
        let v = (offset.y * placement.across.x - offset.x * placement.across.y) / determinant
        let column = Int((u + Double(glyph.width) / 2).rounded(.down))
        let row = Int((v + Double(glyph.height) / 2).rounded(.down))
        if 0..<glyph.width ~= column, 0..<glyph.height ~= row {
          sum += Double(pixels[(row * glyph.width + column) * 4 + 3])
        }
      }
      return sum / Double(fine * fine)
    }
  }
}
