import Foundation
import Support

extension SeededGenerator {
  /// A uniform number of `range`.
  mutating func uniform(_ range: ClosedRange<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * nextUniform()
  }

  /// A number of `range`, which is positive, with a uniform logarithm: a half and a double are equally
  /// likely.
  mutating func logarithmic(_ range: ClosedRange<Double>) -> Double {
    // Rounded, so that the last bits of a mathematical library make no difference.
    exp(uniform(log(range.lowerBound)...log(range.upperBound))).roundedBits
  }

  /// A number around zero, within `extent` on either side, more likely near zero (a triangle).
  mutating func centred(_ extent: Double) -> Double {
    (nextUniform() - nextUniform()) * extent
  }

  /// Whether something of this probability happens.
  mutating func chance(_ probability: Double) -> Bool { nextUniform() < probability }

  /// A whole number of 0 ..< count.
  mutating func index(_ count: Int) -> Int { Int(nextUniform() * Double(count)) }

  /// A unit vector of a uniform direction.
  mutating func direction() -> SIMD2<Double> {
    let angle = uniform(0...2 * .pi)
    return SIMD2(cos(angle).roundedBits, sin(angle).roundedBits)
  }

  /// A number that is nearly normal, of mean 0 and standard deviation 1: the sum of eight bytes.
  @inline(__always)
  mutating func normal() -> Float {
    let bits = next()
    let low: UInt64 = 0x00FF_00FF_00FF_00FF
    let pairs = (bits & low) &+ (bits &>> 8 & low)
    let sum = (pairs &* 0x0001_0001_0001_0001) &>> 48
    // A byte's variance is (256 x 256 - 1) / 12.
    return (Float(sum) - 1020) * (1 / 209.023)
  }

  /// A colour in levels of 0...255 with the fourth number 0.
  ///
  /// - Parameter saturation: of 0 (grey) to 1.
  mutating func color(
    saturation: ClosedRange<Double> = 0...0.8, value: ClosedRange<Double> = 0.15...1
  ) -> SIMD4<Float> {
    let hue = uniform(0...6)
    let (saturation, value) = (uniform(saturation), uniform(value))
    func channel(_ peak: Double) -> Float {
      let apart = abs(hue - peak)
      let missing = min(max(min(apart, 6 - apart) - 1, 0), 1)
      return Float(255 * value * (1 - saturation * missing))
    }
    return SIMD4(channel(0), channel(2), channel(4), 0)
  }
}
