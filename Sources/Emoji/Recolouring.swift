package import Support

/// A linear change of all colours of a picture, by which a teacher learns shapes beside colours.
package struct Recolouring {
  /// What a level of red, of green and of blue becomes.
  private var columns: (red: SIMD4<Float>, green: SIMD4<Float>, blue: SIMD4<Float>)
  /// Added in levels.
  private var offset = SIMD4<Float>.zero

  @inline(__always)
  package func applied(to color: SIMD4<Float>) -> SIMD4<Float> {
    columns.red * color.x + columns.green * color.y + columns.blue * color.z + offset
  }

  /// One of the changes below, or none: in four of ten crops, and more with less variety.
  package static func random(
    variety: Double, _ random: inout SeededGenerator
  ) -> Recolouring? {
    guard random.chance(0.6 * variety) else { return nil }
    switch random.index(12) {
    case ..<4: return light(&random)
    case ..<10: return duotone(&random)
    default: return hue(&random)
    }
  }

  /// Pale, in a light of some colour, weaker than the evaluation's.
  package static func light(_ random: inout SeededGenerator) -> Recolouring {
    let saturation = Float(random.uniform(0.15...1))
    return Recolouring { channel in
      Tone.luma[channel] * (1 - saturation) + SIMD4.unit(channel) * saturation
    }.dimmed(0.45...1.3, &random)
  }

  /// Each colour another one, as far round the circle of hues.
  package static func hue(_ random: inout SeededGenerator) -> Recolouring {
    // A turn about grey, which stays (Rodrigues' formula).
    let turn = random.direction()
    let (cosine, sine) = (Float(turn.x), Float(turn.y))
    let grey = SIMD4<Float>(1, 1, 1, 0) * ((1 - cosine) / 3)
    let across = sine / Float(3).squareRoot()
    return Recolouring { channel in
      let (next, last) = (SIMD4.unit((channel + 1) % 3), SIMD4.unit((channel + 2) % 3))
      return grey + .unit(channel) * cosine + (next - last) * across
    }
  }

  /// Brightness alone, from one colour to another; neither is grey.
  package static func duotone(_ random: inout SeededGenerator) -> Recolouring {
    let dark = random.color(saturation: 0.3...1, value: 0.05...0.4)
    let light = random.color(saturation: 0.2...0.7, value: 0.65...1)
    var duotone = Recolouring { channel in (light - dark) * (Tone.luma[channel] / 255) }
    duotone.offset = dark
    return duotone
  }

  private init(_ column: (Int) -> SIMD4<Float>) {
    columns = (column(0), column(1), column(2))
  }

  /// In a light whose red, green and blue lie in `range`.
  private func dimmed(
    _ range: ClosedRange<Double>, _ random: inout SeededGenerator
  ) -> Recolouring {
    func channel() -> Float { Float(random.logarithmic(range)) }
    let gain = SIMD4(channel(), channel(), channel(), 0)
    var dimmed = self
    dimmed.columns = (columns.red * gain, columns.green * gain, columns.blue * gain)
    return dimmed
  }
}

extension SIMD4<Float> {
  fileprivate static func unit(_ index: Int) -> SIMD4 {
    var unit = SIMD4.zero
    unit[index] = 1
    return unit
  }
}
