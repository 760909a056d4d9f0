import Support

/// The backgrounds of scenes.
enum SceneTexture: CaseIterable {
  case grain, stripes, checks, gradient, blobs, wood

  /// Covers the canvas with a random pattern of this family.
  func paint(_ canvas: inout Canvas, _ random: inout SeededGenerator) {
    let side = Double(max(canvas.width, canvas.height))
    switch self {
    case .grain: canvas.paint(Grain(side, &random))
    case .stripes: canvas.paint(Stripes(side, &random))
    case .checks: canvas.paint(Checks(side, &random))
    case .gradient: canvas.paint(Gradient(side, &random))
    case .blobs: canvas.paint(Blobs(side, &random))
    case .wood: canvas.paint(Wood(side, &random))
    }
  }
}

/// A colour that is less saturated than most objects.
private func ground(_ random: inout SeededGenerator) -> SIMD4<Float> {
  random.color(saturation: 0...0.6)
}

/// Fractal noise between two colours: sand, plaster, grass.
private struct Grain: Texture {
  let low, high: SIMD4<Float>
  let noise: ValueNoise
  let scale: Float

  init(_ side: Double, _ random: inout SeededGenerator) {
    (low, high) = (ground(&random), ground(&random))
    noise = ValueNoise(&random)
    scale = Float(1 / (side * random.logarithmic(0.02...0.4)))
  }

  func color(_ x: Float, _ y: Float) -> SIMD4<Float> {
    blend(low, high, noise.fractal(x * scale, y * scale))
  }
}

/// Wavering stripes of two colours.
private struct Stripes: Texture {
  let first, second: SIMD4<Float>
  let direction: SIMD2<Float>
  let noise: ValueNoise
  let noiseScale, waver, sharpness: Float

  init(_ side: Double, _ random: inout SeededGenerator) {
    (first, second) = (ground(&random), ground(&random))
    direction = SIMD2(random.direction() / (side * random.logarithmic(0.03...0.3)))
    noise = ValueNoise(&random)
    noiseScale = Float(1 / (side * 0.2))
    waver = Float(random.uniform(0...0.8))
    sharpness = Float(random.uniform(0.1...1))
  }

  func color(_ x: Float, _ y: Float) -> SIMD4<Float> {
    let phase = x * direction.x + y * direction.y + waver * noise(x * noiseScale, y * noiseScale)
    return blend(first, second, smoothStep(wave(phase), edge: 0.5, width: sharpness))
  }
}

/// A turned board of two colours.
private struct Checks: Texture {
  let first, second: SIMD4<Float>
  let across: SIMD2<Float>

  init(_ side: Double, _ random: inout SeededGenerator) {
    (first, second) = (ground(&random), ground(&random))
    across = SIMD2(random.direction() / (side * random.logarithmic(0.04...0.25)))
  }

  func color(_ x: Float, _ y: Float) -> SIMD4<Float> {
    let (u, v) = (x * across.x + y * across.y, y * across.x - x * across.y)
    return (Int(u.rounded(.down)) &+ Int(v.rounded(.down))) & 1 == 0 ? first : second
  }
}

/// From one colour to another and a third, with a little grain.
private struct Gradient: Texture {
  let colors: [SIMD4<Float>]
  let direction: SIMD2<Float>
  let offset: Float
  let noise: ValueNoise

  init(_ side: Double, _ random: inout SeededGenerator) {
    colors = (0..<3).map { _ in ground(&random) }
    direction = SIMD2(random.direction() / side)
    offset = Float(random.uniform(0...1))
    noise = ValueNoise(&random)
  }

  func color(_ x: Float, _ y: Float) -> SIMD4<Float> {
    let along = wave((x * direction.x + y * direction.y + offset) * 0.5) * 2
    let color =
      along < 1 ? blend(colors[0], colors[1], along) : blend(colors[1], colors[2], along - 1)
    return color * (0.95 + 0.1 * noise(x * 0.5, y * 0.5))
  }
}

/// Patches of three colours with soft borders: camouflage, clouds, leaves.
private struct Blobs: Texture {
  let colors: [SIMD4<Float>]
  let noise: ValueNoise
  let scale, softness: Float

  init(_ side: Double, _ random: inout SeededGenerator) {
    colors = (0..<3).map { _ in ground(&random) }
    noise = ValueNoise(&random)
    scale = Float(1 / (side * random.logarithmic(0.06...0.5)))
    softness = Float(random.uniform(0.02...0.2))
  }

  func color(_ x: Float, _ y: Float) -> SIMD4<Float> {
    let height = noise.fractal(x * scale, y * scale)
    return blend(
      blend(colors[0], colors[1], smoothStep(height, edge: 0.42, width: softness)), colors[2],
      smoothStep(height, edge: 0.6, width: softness))
  }
}

/// Rings of a trunk cut lengthwise, in boards.
private struct Wood: Texture {
  let light, dark: SIMD4<Float>
  let along: SIMD2<Float>
  let board, rings: Float
  let noise: ValueNoise

  init(_ side: Double, _ random: inout SeededGenerator) {
    light = random.color(saturation: 0.2...0.6, value: 0.5...0.95)
    dark = light * Float(random.uniform(0.45...0.75))
    along = SIMD2(random.direction() / (side * 0.5))
    board = Float(random.uniform(2...6))
    rings = Float(random.uniform(3...12))
    noise = ValueNoise(&random)
  }

  func color(_ x: Float, _ y: Float) -> SIMD4<Float> {
    let (u, v) = (x * along.x + y * along.y, (y * along.x - x * along.y) * board)
    let number = v.rounded(.down)
    let gap = min(v - number, number + 1 - v)
    let ring = wave(noise(u + number * 7.3, v * 0.8) * rings)
    return blend(light, dark, ring * 0.8 + 0.2 * noise(u * 3, v * 30)) * min(1, 0.4 + gap * 20)
  }
}
