import Foundation

/// Where a glyph lies in an image: an affine map from the glyph's pixels to the image's.
package struct Placement: Equatable, Sendable {
  /// The glyph's middle, in pixels of the image.
  package var centre: SIMD2<Double>
  /// Where one step to the right in the glyph leads.
  package var across: SIMD2<Double>
  /// Where one step down in the glyph leads.
  package var down: SIMD2<Double>

  /// A scaled and turned glyph.
  ///
  /// - Parameters:
  ///   - scale: pixels of the image to one of the glyph.
  ///   - angle: clockwise, in radians.
  ///   - stretch: how much wider than high, 1 for the glyph's own shape; the area stays.
  ///   - shear: how far a step down leads to the right.
  package init(
    centre: SIMD2<Double> = .zero, scale: Double, angle: Double = 0, stretch: Double = 1,
    shear: Double = 0
  ) {
    // Rounded, so that the last bits of a mathematical library make no difference to the pixels.
    let (sine, cosine) = (sin(angle).roundedBits, cos(angle).roundedBits)
    let wide = scale * stretch.squareRoot()
    let high = scale / stretch.squareRoot()
    self.centre = centre
    across = SIMD2(cosine, sine) * wide
    down = SIMD2(cosine * shear - sine, sine * shear + cosine) * high
  }

  /// The box of the placed glyph, as far as it is at least half opaque.
  package func bounds(of glyph: Glyph) -> (low: SIMD2<Double>, high: SIMD2<Double>) {
    var (low, high) = (SIMD2(repeating: Double.infinity), SIMD2(repeating: -Double.infinity))
    for corner in glyph.hull {
      let point = centre + across * corner.x + down * corner.y
      low = pointwiseMin(low, point)
      high = pointwiseMax(high, point)
    }
    return (low, high)
  }

  /// How many pixels the glyph covers at least by half, in an image that it lies in as a whole.
  func area(of glyph: Glyph) -> Int {
    let (low, high) = bounds(of: glyph)
    // Moved by whole pixels, so that they are covered as they were.
    let shift = 1 - low.rounded(.down)
    let extent = (high + shift).rounded(.up) + 1
    var moved = self
    moved.centre += shift
    var count = 0
    glyph.sample(moved, width: Int(extent.x), height: Int(extent.y)) { _, _, color in
      if color.isOpaque { count += 1 }
    }
    return count
  }

  /// The same placement in an image of another size.
  func scaled(by factor: SIMD2<Double>) -> Placement {
    var copy = self
    copy.centre *= factor
    copy.across *= factor
    copy.down *= factor
    return copy
  }
}

extension Double {
  /// To a multiple of 2^-30.
  var roundedBits: Double { (self * 0x1p30).rounded() * 0x1p-30 }
}
