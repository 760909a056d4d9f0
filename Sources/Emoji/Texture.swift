import Support

/// A pattern without end.
protocol Texture: Sendable {
  /// The colour at a position in pixels of a scene, in levels of 0...255.
  func color(_ x: Float, _ y: Float) -> SIMD4<Float>
}

/// Smooth random numbers of 0...1 over the plane: values on a lattice, blended in between.
struct ValueNoise: Sendable {
  private static let side = 32
  private let lattice: [Float]

  init(_ random: inout SeededGenerator) {
    lattice = (0..<Self.side * Self.side).map { _ in Float(random.nextUniform()) }
  }

  /// One octave; lattice points are one apart.
  @inline(__always)
  func callAsFunction(_ x: Float, _ y: Float) -> Float {
    let (floorX, floorY) = (x.rounded(.down), y.rounded(.down))
    let (fx, fy) = (x - floorX, y - floorY)
    let (sx, sy) = (fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy))
    let mask = Self.side &- 1
    let (x0, y0) = (Int(floorX) & mask, Int(floorY) & mask)
    let (x1, y1) = ((x0 &+ 1) & mask, (y0 &+ 1) & mask)
    return lattice.withUnsafeBufferPointer { lattice in
      let top = lattice[y0 &* Self.side &+ x0] * (1 - sx) + lattice[y0 &* Self.side &+ x1] * sx
      let bottom = lattice[y1 &* Self.side &+ x0] * (1 - sx) + lattice[y1 &* Self.side &+ x1] * sx
      return top * (1 - sy) + bottom * sy
    }
  }

  /// Three octaves, each of twice the frequency and half the strength.
  @inline(__always)
  func fractal(_ x: Float, _ y: Float) -> Float {
    (self(x, y) * 4 + self(2 * x + 9.7, 2 * y + 3.1) * 2 + self(4 * x + 1.3, 4 * y + 7.9)) * (1 / 7)
  }
}

/// 0 below `edge` - width / 2, 1 above `edge` + width / 2, smooth in between.
@inline(__always)
func smoothStep(_ value: Float, edge: Float, width: Float) -> Float {
  let t = min(max((value - edge) / width + 0.5, 0), 1)
  return t * t * (3 - 2 * t)
}

/// A wave of period 1 between 0 and 1 that rises and falls smoothly.
@inline(__always)
func wave(_ phase: Float) -> Float {
  let t = abs((phase - phase.rounded(.down)) * 2 - 1)
  return t * t * (3 - 2 * t)
}

/// The blend of two colours; `share` is the second one's.
@inline(__always)
func blend(_ a: SIMD4<Float>, _ b: SIMD4<Float>, _ share: Float) -> SIMD4<Float> {
  a + (b - a) * share
}
