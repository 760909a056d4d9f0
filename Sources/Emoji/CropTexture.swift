import Support

/// The backgrounds of crops, on which teachers are trained: none of those of scenes.
enum CropTexture: CaseIterable {
  case plain, glow, mosaic, waves, dots, weave

  /// Covers the canvas with a random pattern of this family.
  ///
  /// - Parameters:
  ///   - extent: how large the canvas is in pixels of a scene.
  ///   - step: pixels of a scene to one of the canvas.
  func paint(
    _ canvas: inout Canvas, extent: SIMD2<Double>, step: SIMD2<Double>,
    _ random: inout SeededGenerator
  ) {
    switch self {
    case .plain: canvas.paint(Plain(&random), step: step)
    case .glow: canvas.paint(Glow(extent, &random), step: step)
    case .mosaic: canvas.paint(Mosaic(extent, &random), step: step)
    case .waves: canvas.paint(Waves(extent, &random), step: step)
    case .dots: canvas.paint(Dots(extent, &random), step: step)
    case .weave: canvas.paint(Weave(extent, &random), step: step)
    }
  }
}

private struct Plain: Texture {
  let only: SIMD4<Float>

  init(_ random: inout SeededGenerator) { only = random.color() }

  func color(_ x: Float, _ y: Float) -> SIMD4<Float> { only }
}

/// One colour around a point, another far from it.
private struct Glow: Texture {
  let inner, outer: SIMD4<Float>
  let centre: SIMD2<Float>
  let scale: Float

  init(_ extent: SIMD2<Double>, _ random: inout SeededGenerator) {
    (inner, outer) = (random.color(), random.color())
    centre = SIMD2(extent * SIMD2(random.uniform(-0.3...1.3), random.uniform(-0.3...1.3)))
    scale = Float(1 / (extent.max() * random.uniform(0.4...1.5)))
  }

  func color(_ x: Float, _ y: Float) -> SIMD4<Float> {
    let offset = SIMD2(x, y) - centre
    return blend(inner, outer, min(1, (offset * offset).sum().squareRoot() * scale))
  }
}

/// Cells around scattered points, each of one of four colours.
private struct Mosaic: Texture {
  let colors: [SIMD4<Float>]
  let scale: Float
  let points: [SIMD2<Float>]

  init(_ extent: SIMD2<Double>, _ random: inout SeededGenerator) {
    colors = (0..<4).map { _ in random.color() }
    scale = Float(1 / (extent.max() * random.logarithmic(0.08...0.6)))
    points = (0..<64).map { _ in SIMD2(Float(random.nextUniform()), Float(random.nextUniform())) }
  }

  func color(_ x: Float, _ y: Float) -> SIMD4<Float> {
    let position = SIMD2(x, y) * scale
    let (column, row) = (Int(position.x.rounded(.down)), Int(position.y.rounded(.down)))
    var (nearest, chosen) = (Float.infinity, 0)
    for dy in -1...1 {
      for dx in -1...1 {
        let cell = (row &+ dy) & 7 &* 8 &+ (column &+ dx) & 7
        let offset = SIMD2(Float(column &+ dx), Float(row &+ dy)) + points[cell] - position
        let distance = (offset * offset).sum()
        if distance < nearest { (nearest, chosen) = (distance, cell) }
      }
    }
    return colors[chosen & 3]
  }
}

/// Three waves in different directions, added up.
private struct Waves: Texture {
  let low, high: SIMD4<Float>
  let directions: [SIMD2<Float>]

  init(_ extent: SIMD2<Double>, _ random: inout SeededGenerator) {
    (low, high) = (random.color(), random.color())
    directions = (0..<3).map { _ in
      SIMD2(random.direction() / (extent.max() * random.logarithmic(0.15...1.5)))
    }
  }

  func color(_ x: Float, _ y: Float) -> SIMD4<Float> {
    let position = SIMD2(x, y)
    var sum: Float = 0
    for direction in directions { sum += wave((position * direction).sum()) }
    return blend(low, high, sum * (1 / 3))
  }
}

/// Discs in rows and columns.
private struct Dots: Texture {
  let ground, dot: SIMD4<Float>
  let scale, radius: Float

  init(_ extent: SIMD2<Double>, _ random: inout SeededGenerator) {
    (ground, dot) = (random.color(), random.color())
    scale = Float(1 / (extent.max() * random.logarithmic(0.06...0.4)))
    radius = Float(random.uniform(0.15...0.45))
  }

  func color(_ x: Float, _ y: Float) -> SIMD4<Float> {
    let (u, v) = (x * scale, y * scale)
    let (dx, dy) = (u - u.rounded(.down) - 0.5, v - v.rounded(.down) - 0.5)
    return blend(
      dot, ground, smoothStep((dx * dx + dy * dy).squareRoot(), edge: radius, width: 0.1))
  }
}

/// Threads of two colours that cross over and under.
private struct Weave: Texture {
  let warp, weft: SIMD4<Float>
  let scale: Float

  init(_ extent: SIMD2<Double>, _ random: inout SeededGenerator) {
    (warp, weft) = (random.color(), random.color())
    scale = Float(1 / (extent.max() * random.logarithmic(0.05...0.3)))
  }

  func color(_ x: Float, _ y: Float) -> SIMD4<Float> {
    let (u, v) = (x * scale, y * scale)
    let isOver = (Int(u.rounded(.down)) &+ Int(v.rounded(.down))) & 1 == 0
    let shade = 0.6 + 0.4 * (1 - wave(isOver ? u : v))
    return (isOver ? warp : weft) * shade
  }
}
