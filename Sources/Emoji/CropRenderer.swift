public import Images
import Support

/// Draws what a teacher is trained on: crops that look like a detector's regions of scenes, but of
/// other backgrounds. Colours and sharpness vary more than in plain scenes, and less than in the
/// styles of evaluation: no crop is grey, as blurred, or as tinted as those.
///
/// A crop's content follows from category, seed and side alone. Safe to use from several threads.
public struct CropRenderer: Sendable {
  /// Raised when the same seeds come to give other crops.
  public static let version = 3

  private let catalogue: EmojiCatalogue

  public init(_ catalogue: EmojiCatalogue) { self.catalogue = catalogue }

  /// An object in a region of 1 or 1.5 times its box, as a detector would cut it out of a scene.
  ///
  /// The object has a longer side of 18 to 210 pixels in a scene; it may be turned, cut off by the
  /// scene's border, partly hidden, and have others beside it. The region is scaled to a square; in
  /// one of four crops it is a square already.
  /// Takes about 0.4 ms for a side of 64.
  /// - Parameters:
  ///   - category: a place in the catalogue's categories.
  ///   - side: width and height of the crop in pixels.
  ///   - variety: 0 for the colours and the sharpness of plain scenes, 1 for all.
  public func crop(of category: Int, seed: UInt64, side: Int, variety: Double = 1) -> Image {
    precondition(
      catalogue.categories.indices.contains(category) && side > 0 && 0...1 ~= variety)
    var random = SeededGenerator(seed: seed, stream: 0xC0_0000_0000 + UInt64(category))
    let glyph = catalogue.glyphs[category]
    let object = Placement.random(
      glyph, longerSide: random.logarithmic(18...210), turned: 0.9, &random)
    let bounds = object.bounds(of: glyph)
    let size = bounds.high - bounds.low
    let region = Self.region(around: bounds, &random)
    let extent = region.high - region.low

    // Drawn in the scene's resolution, or the crop's where that is lower.
    let width = max(8, min(side, Int(extent.x.rounded())))
    let height = max(8, min(side, Int(extent.y.rounded())))
    let scale = SIMD2(Double(width), Double(height)) / extent
    func placed(_ placement: Placement) -> Placement {
      var moved = placement
      moved.centre -= region.low
      return moved.scaled(by: scale)
    }
    var canvas = Canvas(width: width, height: height)
    CropTexture.allCases[random.index(CropTexture.allCases.count)]
      .paint(&canvas, extent: extent, step: .one / scale, &random)

    let neighbours = (0..<random.index(4)).map { _ in neighbour(of: size, &random) }
    let isHidden = random.chance(0.35)
    for neighbour in isHidden ? neighbours.dropFirst() : neighbours[...] {
      draw(neighbour.glyph, at: placed(neighbour.placement), on: &canvas, &random)
    }
    draw(glyph, at: placed(object), on: &canvas, &random)
    if isHidden, let neighbour = neighbours.first {
      draw(neighbour.glyph, at: placed(neighbour.placement), on: &canvas, &random)
    }

    canvas.light(.random(&random))
    if let change = Recolouring.random(variety: variety, &random) { canvas.recolour(change) }
    let resolution = scale.min()
    let softness = random.chance(0.3 * variety) ? 0.8...1.8 : -0.3...0.8
    canvas.blur(random.uniform(softness) * resolution)
    canvas.addNoise(max(0, random.uniform(-3...9)) * resolution, &random)
    var image = canvas.image()
    if random.chance(0.4) { image = image.compressed(quality: 60 + random.index(36)) }
    return width == side && height == side
      ? image : image.resized(width: side, height: side, filter: .bicubic)
  }

  /// What a detector might propose for an object.
  private static func region(
    around bounds: (low: SIMD2<Double>, high: SIMD2<Double>), _ random: inout SeededGenerator
  ) -> (low: SIMD2<Double>, high: SIMD2<Double>) {
    let size = bounds.high - bounds.low
    func jitter() -> SIMD2<Double> {
      SIMD2(random.centred(0.16), random.centred(0.16)) * size
    }
    var (low, high) = (bounds.low + jitter(), bounds.high + jitter())
    let middle = (low + high) / 2
    let factor = random.chance(0.5) ? 1.0 : 1.5
    var half = (high - low) / 2 * factor
    if random.chance(0.25) { half = SIMD2(repeating: half.max()) }
    (low, high) = (middle - half, middle + half)
    if random.chance(0.12) {
      // The scene's border cuts off a part of the object.
      let cut = random.uniform(0...0.35)
      switch random.index(4) {
      case 0: low.x = bounds.low.x + cut * size.x
      case 1: low.y = bounds.low.y + cut * size.y
      case 2: high.x = bounds.high.x - cut * size.x
      default: high.y = bounds.high.y - cut * size.y
      }
    }
    return (low, high)
  }

  /// Another object beside one of `size` that is at the origin, and may reach over its edge.
  private func neighbour(
    of size: SIMD2<Double>, _ random: inout SeededGenerator
  ) -> (glyph: Glyph, placement: Placement) {
    let glyph = catalogue.glyphs[random.index(catalogue.glyphs.count)]
    let side = size.max() * random.logarithmic(0.35...1.6)
    var placement = Placement.random(glyph, longerSide: side, turned: 0.9, &random)
    placement.centre = random.direction() * (size / 2 + side / 2) * random.uniform(0.75...1.1)
    return (glyph, placement)
  }

  private func draw(
    _ glyph: Glyph, at placement: Placement, on canvas: inout Canvas,
    _ random: inout SeededGenerator
  ) {
    canvas.shadow(glyph, at: placement, &random)
    canvas.paint(glyph, at: placement, tone: .random(&random))
  }
}

extension Canvas {
  /// Draws the shadow that four of ten objects throw.
  mutating func shadow(
    _ glyph: Glyph, at placement: Placement, _ random: inout SeededGenerator
  ) {
    guard random.chance(0.4) else { return }
    let reach = (placement.across * placement.across).sum().squareRoot() * Double(glyph.width)
    shade(
      glyph, at: placement, offset: random.direction() * reach * random.uniform(0.02...0.12),
      strength: random.uniform(0.1...0.6))
  }
}

extension Placement {
  /// A glyph about the origin, turned, stretched and sheared as a photographer's position would.
  ///
  /// - Parameters:
  ///   - longerSide: of the glyph before it is turned, in pixels of the image.
  ///   - turned: the largest angle in radians; small ones are more likely.
  static func random(
    _ glyph: Glyph, longerSide: Double, turned: Double, _ random: inout SeededGenerator
  ) -> Placement {
    Placement(
      scale: longerSide / Double(max(glyph.width, glyph.height)), angle: random.centred(turned),
      stretch: 1 + random.centred(0.25), shear: random.centred(0.2))
  }
}

extension Tone {
  /// Brighter or darker, paler or more colourful, a little tinted.
  static func random(_ random: inout SeededGenerator) -> Tone {
    let brightness = Float(random.uniform(0.75...1.2))
    func channel() -> Float { brightness * Float(1 + random.centred(0.12)) }
    let offset = Float(random.centred(25))
    return Tone(
      saturation: Float(random.uniform(0.65...1.2)),
      gain: SIMD4(channel(), channel(), channel(), 0),
      offset: SIMD4(offset, offset, offset, 0) / 255)
  }
}

extension Light {
  /// As in rooms and in the open: a gradient, darker corners, a little colour.
  static func random(_ random: inout SeededGenerator) -> Light {
    func channel() -> Float { Float(1 + random.centred(0.12)) }
    return Light(
      color: SIMD4(channel(), channel(), channel(), 0),
      slope: SIMD2(random.direction() * random.uniform(0...0.6)),
      falloff: Float(random.uniform(0...0.5)))
  }
}

extension Image {
  /// The image after it was stored as JPEG.
  func compressed(quality: Int) -> Image {
    do {
      return try Image.decode(jpegData(quality: quality), name: "crop", orientation: .stored)
    } catch {
      preconditionFailure("an image that was just encoded decodes: \(error)")
    }
  }
}
