import Support

/// Unlabelled shapes, which are no objects of any category.
struct Clutter {
  private enum Kind: CaseIterable { case ellipse, bar, ring, wedge }

  private let kind: Kind
  private let centre, axis: SIMD2<Float>
  /// Half of length and breadth, in pixels.
  private let half: SIMD2<Float>
  private let color: SIMD4<Float>
  private let opacity: Float

  init(width: Int, height: Int, _ random: inout SeededGenerator) {
    let side = Double(max(width, height))
    kind = Kind.allCases[random.index(Kind.allCases.count)]
    centre = SIMD2(
      Float(random.uniform(0...Double(width))), Float(random.uniform(0...Double(height))))
    axis = SIMD2(random.direction())
    let length = side * random.logarithmic(0.03...0.3)
    half = SIMD2(SIMD2(length, length * random.logarithmic(kind == .bar ? 0.05...0.3 : 0.4...1)))
    color = random.color()
    opacity = Float(random.uniform(0.5...1))
  }

  /// How far inside its edge a position is, in pixels; negative outside.
  @inline(__always)
  fileprivate func depth(_ x: Float, _ y: Float) -> Float {
    let offset = SIMD2(x, y) - centre
    let u = abs(offset.x * axis.x + offset.y * axis.y)
    let v = offset.y * axis.x - offset.x * axis.y
    switch kind {
    case .bar: return min(half.x - u, half.y - abs(v))
    case .wedge: return min(half.y - abs(v), (half.x - u) - (v + half.y) * 0.5 * half.x / half.y)
    case .ellipse, .ring:
      let scaled = SIMD2(u, v) / half
      let depth = (1 - (scaled * scaled).sum().squareRoot()) * half.min()
      return kind == .ring ? min(depth, half.min() * 0.3 - depth) : depth
    }
  }

  fileprivate func cover(_ x: Float, _ y: Float) -> Float {
    min(max(depth(x, y) + 0.5, 0), 1) * opacity
  }

  /// Columns and rows that may be covered.
  fileprivate func extent(width: Int, height: Int) -> (x: Range<Int>, y: Range<Int>) {
    let reach = (half * half).sum().squareRoot() + 1
    func range(_ middle: Float, _ limit: Int) -> Range<Int> {
      let low = max(0, Int(middle - reach))
      return low..<max(low, min(limit, Int(middle + reach) + 1))
    }
    return (range(centre.x, width), range(centre.y, height))
  }

  fileprivate func draw(over pixel: inout SIMD4<Float>, _ x: Float, _ y: Float) {
    pixel = blend(pixel, color, cover(x, y))
  }
}

extension Canvas {
  /// Draws a shape over what is there.
  mutating func paint(_ clutter: Clutter) {
    let (columns, rows) = clutter.extent(width: width, height: height)
    for y in rows {
      for x in columns {
        clutter.draw(over: &pixels[y * width + x], Float(x) + 0.5, Float(y) + 0.5)
      }
    }
  }
}
