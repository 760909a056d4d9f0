public import Images
public import Regions
package import Support

/// A picture with objects, and what is known of them.
public struct Scene: Sendable {
  /// An object, of which at least a pixel is visible.
  public struct Object: Sendable {
    /// A place in the catalogue's categories.
    public let category: Int
    /// The pixels that show it, not those where another object hides it.
    public let mask: Mask
    /// The share of the object's pixels that `mask` has; the others lie behind another object or
    /// beyond the image's border. Above 0, at most 1.
    public let visible: Double
  }

  public let image: Image
  /// From the back to the front.
  public let objects: [Object]
  /// The quality to store it with as JPEG, 70 to 95.
  public let quality: Int
}

/// Draws scenes: objects of a few categories on a textured background with clutter, in uneven light.
///
/// A scene's content follows from categories, seed and stream alone. Safe to use from several
/// threads.
public struct SceneRenderer: Sendable {
  private let catalogue: EmojiCatalogue
  /// The images' longer side in pixels.
  private let size: Int

  public init(_ catalogue: EmojiCatalogue, size: Int) {
    self.catalogue = catalogue
    self.size = size
  }

  /// A scene with an object of each category, and more with a probability of 1/4 each; every object
  /// is visible.
  ///
  /// The longer side of an object is 1/16 to 1/1.6 of the image's, 20 to 200 pixels in an image of 320,
  /// halves and doubles equally likely; the image's shorter side is 0.6 to 1 of the longer one.
  /// - Parameters:
  ///   - categories: different places in the catalogue's categories, at most 99.
  ///   - style: changes pixels only: the same seed and stream have the same objects in every style.
  public func scene(
    of categories: [Int], style: SceneStyle = .plain, seed: UInt64, stream: UInt64
  ) -> Scene {
    var random = SeededGenerator(seed: seed, stream: stream)
    let layout = layout(of: categories, &random)
    let (width, height) = (layout.width, layout.height)
    var canvas = Canvas(width: width, height: height)
    SceneTexture.allCases[random.index(SceneTexture.allCases.count)].paint(&canvas, &random)
    for _ in 0..<random.index(7) {
      canvas.paint(Clutter(width: width, height: height, &random))
    }
    var owners = [UInt8](repeating: .max, count: width * height)
    for (index, object) in layout.objects.enumerated() {
      canvas.draw(
        catalogue.glyphs[object.category], at: object.placement, as: UInt8(index), in: &owners,
        &random)
    }
    canvas.develop(style, &random)
    let image = canvas.image()
    let masks = Self.masks(owners, count: layout.objects.count, width: width, height: height)
    let objects = zip(layout.objects, masks).map { object, mask in
      let whole = object.placement.area(of: catalogue.glyphs[object.category])
      // Moved elsewhere, a glyph may cover a pixel less.
      return Scene.Object(
        category: object.category, mask: mask, visible: min(1, Double(mask.area) / Double(whole)))
    }
    precondition(objects.allSatisfy { !$0.mask.isEmpty }, "the layout keeps every object visible")
    return Scene(image: image, objects: objects, quality: 70 + random.index(26))
  }

  /// The size of a scene, and where its objects lie: the first numbers of its stream.
  package func layout(of categories: [Int], _ random: inout SeededGenerator) -> SceneLayout {
    precondition(categories.count < 100, "a scene has room for 99 categories")
    let shorter = Int((Double(size) * random.uniform(0.6...1)).rounded())
    let (width, height) = random.chance(0.6) ? (size, shorter) : (shorter, size)
    var order = categories
    for category in categories {
      while order.count < 24, random.chance(0.25) { order.append(category) }
    }
    // A category's first object may lie before others' and behind them.
    order.shuffle(using: &random)
    let side = Double(size)
    return SceneLayout(
      order, width: width, height: height, sides: side / 16...side / 1.6, catalogue: catalogue,
      &random)
  }

  /// The pixels of each object.
  private static func masks(
    _ owners: [UInt8], count: Int, width: Int, height: Int
  ) -> [Mask] {
    var bounds = [PixelRect?](repeating: nil, count: count)
    for y in 0..<height {
      for x in 0..<width where owners[y * width + x] != .max {
        let owner = Int(owners[y * width + x])
        let rect = bounds[owner] ?? PixelRect(x0: x, y0: y, x1: x, y1: y)
        bounds[owner] = PixelRect(
          x0: min(rect.x0, x), y0: rect.y0, x1: max(rect.x1, x + 1), y1: y + 1)
      }
    }
    return bounds.enumerated().map { index, rect in
      guard let rect else { return Mask(width: width, height: height) }
      return Mask(width: width, height: height, within: rect) { x, y in
        owners[y * width + x] == UInt8(index)
      }
    }
  }
}

extension Canvas {
  /// Draws an object with its shadow, and notes which pixels are its own.
  fileprivate mutating func draw(
    _ glyph: Glyph, at placement: Placement, as owner: UInt8, in owners: inout [UInt8],
    _ random: inout SeededGenerator
  ) {
    shadow(glyph, at: placement, &random)
    owners.withUnsafeMutableBufferPointer { owners in
      paint(glyph, at: placement, tone: .random(&random)) { owners[$0] = owner }
    }
  }

  /// Light, lens, sensor.
  fileprivate mutating func develop(_ style: SceneStyle, _ random: inout SeededGenerator) {
    light(.random(&random))
    blur(random.uniform(-0.3...0.8))
    if style == .blurred { blur(Double(max(width, height)) / 120) }
    addNoise(max(0, random.uniform(-2...8)), &random)
    let hue = random.color(saturation: 0.7...0.7, value: 1...1) * (1 / 255)
    switch style {
    case .plain, .blurred: break
    case .tinted: for index in pixels.indices { pixels[index] *= hue * 1.3 }
    case .grey:
      for index in pixels.indices {
        pixels[index] = SIMD4(repeating: (pixels[index] * Tone.luma).sum())
      }
    }
  }
}
