import Foundation
import Images
import Support

/// An image while it is being put together: numbers instead of bytes, not yet clipped.
struct Canvas {
  let width, height: Int
  /// height x width pixels: red, green and blue in levels of 0...255; the fourth number is unused.
  var pixels: [SIMD4<Float>]

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    pixels = [SIMD4<Float>](repeating: .zero, count: width * height)
  }

  /// Fills the canvas.
  ///
  /// - Parameter step: how far one pixel of the canvas leads in the texture.
  @inline(__always)
  mutating func paint(_ texture: some Texture, step: SIMD2<Double> = .one) {
    let step = SIMD2<Float>(step)
    pixels.withUnsafeMutableBufferPointer { pixels in
      for y in 0..<height {
        let v = (Float(y) + 0.5) * step.y
        for x in 0..<width {
          pixels[y &* width &+ x] = texture.color((Float(x) + 0.5) * step.x, v)
        }
      }
    }
  }

  /// Draws a glyph over what is there.
  ///
  /// - Parameter cover: gets the places, in `pixels`, that the glyph covers at least by half.
  @inline(__always)
  mutating func paint(
    _ glyph: Glyph, at placement: Placement, tone: Tone, _ cover: (_ place: Int) -> Void = { _ in }
  ) {
    pixels.withUnsafeMutableBufferPointer { pixels in
      glyph.sample(placement, width: width, height: height) { x, y, sampled in
        let color = levels(sampled)
        let place = y &* width &+ x
        let toned = tone.applied(to: color) + tone.offset * color.w
        pixels[place] = pixels[place] * (1 - color.w * (1 / 255)) + toned
        if sampled.isOpaque { cover(place) }
      }
    }
  }

  /// Darkens what lies where the glyph's blurred shadow falls.
  ///
  /// - Parameters:
  ///   - offset: of the shadow from the glyph, in pixels.
  ///   - strength: 0 for none, 1 for black.
  mutating func shade(
    _ glyph: Glyph, at placement: Placement, offset: SIMD2<Double>, strength: Double
  ) {
    // A small level, drawn large, has soft edges.
    let soft = glyph.softened
    var placement = placement
    let factor = Double(max(glyph.width, glyph.height)) / Double(max(soft.width, soft.height))
    placement.across *= factor
    placement.down *= factor
    placement.centre += offset
    let strength = Float(strength) / 65280
    pixels.withUnsafeMutableBufferPointer { pixels in
      soft.sample(placement, width: width, height: height) { x, y, color in
        pixels[y &* width &+ x] *= 1 - strength * Float(color &>> 48)
      }
    }
  }

  /// Changes the colours of the whole canvas.
  mutating func recolour(_ change: Recolouring) {
    for index in pixels.indices { pixels[index] = change.applied(to: pixels[index]) }
  }

  /// Multiplies by a light that grows in one direction and falls off towards the corners.
  mutating func light(_ light: Light) {
    pixels.withUnsafeMutableBufferPointer { pixels in
      let (sx, sy) = (1 / Float(width), 1 / Float(height))
      for y in 0..<height {
        let v = (Float(y) + 0.5) * sy - 0.5
        for x in 0..<width {
          let u = (Float(x) + 0.5) * sx - 0.5
          let gain =
            1 + light.slope.x * u + light.slope.y * v - light.falloff * (u * u + v * v)
          pixels[y &* width &+ x] *= light.color * gain
        }
      }
    }
  }

  /// Blurs with a Gaussian; beyond the borders the border's pixels go on.
  ///
  /// - Parameter deviation: in pixels; nothing happens below a fifth.
  mutating func blur(_ deviation: Double) {
    guard deviation >= 0.2 else { return }
    let radius = Int((deviation * 3).rounded(.up))
    let weights = (-radius...radius).map { offset -> Float in
      let distance = Double(offset) / deviation
      return Float(exp(-distance * distance / 2).roundedBits)
    }
    let total = weights.reduce(0, +)
    let kernel = weights.map { $0 / total }
    for isVertical in [false, true] {
      let source = pixels
      let (length, lines) = isVertical ? (height, width) : (width, height)
      let (step, pitch) = isVertical ? (width, 1) : (1, width)
      pixels.withUnsafeMutableBufferPointer { pixels in
        source.withUnsafeBufferPointer { source in
          kernel.withUnsafeBufferPointer { kernel in
            for line in 0..<lines {
              for place in 0..<length {
                var sum = SIMD4<Float>.zero
                for tap in 0..<kernel.count {
                  let from = min(max(place &+ tap &- radius, 0), length &- 1)
                  sum += source[line &* pitch &+ from &* step] * kernel[tap]
                }
                pixels[line &* pitch &+ place &* step] = sum
              }
            }
          }
        }
      }
    }
  }

  /// Adds normal noise to each channel.
  ///
  /// - Parameter deviation: the standard deviation in levels.
  mutating func addNoise(_ deviation: Double, _ random: inout SeededGenerator) {
    guard deviation > 0 else { return }
    let deviation = Float(deviation)
    pixels.withUnsafeMutableBufferPointer { pixels in
      for index in pixels.indices {
        let noise = SIMD4(random.normal(), random.normal(), random.normal(), 0)
        pixels[index] += noise * deviation
      }
    }
  }

  /// The image in bytes.
  func image() -> Image {
    let count = pixels.count * 3
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { bytes, filled in
      for (index, pixel) in pixels.enumerated() {
        let level = (pixel + 0.5).clamped(lowerBound: .zero, upperBound: SIMD4(repeating: 255))
        bytes[index &* 3] = UInt8(level.x)
        bytes[index &* 3 &+ 1] = UInt8(level.y)
        bytes[index &* 3 &+ 2] = UInt8(level.z)
      }
      filled = count
    }
    return Image(width: width, height: height, pixels: bytes)
  }
}

/// How the colours of an object are changed.
struct Tone: Sendable {
  static let luma = SIMD4<Float>(0.299, 0.587, 0.114, 0)
  /// 0 for grey, 1 for the object's own colours.
  var saturation: Float = 1
  /// Of red, green and blue.
  var gain = SIMD4<Float>.one
  /// Added in levels, where a colour is opaque.
  var offset = SIMD4<Float>.zero

  /// Without the offset.
  @inline(__always)
  func applied(to color: SIMD4<Float>) -> SIMD4<Float> {
    let grey = SIMD4<Float>(repeating: (color * Tone.luma).sum())
    return (grey + (color - grey) * saturation) * gain
  }
}

/// The light on an image.
struct Light: Sendable {
  /// The light's colour, 1 for white.
  var color = SIMD4<Float>.one
  /// How much brighter the right and lower borders are than the left and upper ones.
  var slope = SIMD2<Float>.zero
  /// How much is missing at a distance of one image's side from the middle.
  var falloff: Float = 0
}
