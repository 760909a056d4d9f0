/// IEEE 754 half precision in plain integer code, which the compiler turns into vector code; the
/// conversions of the baseline CPU are a library call a number.
package enum Half {
  /// `value` rounded to the nearest half, ties to even; beyond 65,519 infinite, every NaN the same.
  @inline(__always)
  package static func bits(_ value: Float) -> UInt16 {
    let all = value.bitPattern
    let sign = UInt16(truncatingIfNeeded: all >> 16) & 0x8000
    let size = all & 0x7FFF_FFFF
    // Normal: rebias the exponent, add half a unit (and the bit that breaks ties), cut.
    let normal = (size &+ 0xC800_0FFF &+ (size >> 13 & 1)) >> 13
    // Below 2^-14: adding 0.5 leaves the half's subnormal bits at the end of the sum, rounded.
    let subnormal = (Float(bitPattern: size) + 0.5).bitPattern &- 0x3F00_0000
    let special: UInt32 = size > 0x7F80_0000 ? 0x7E00 : 0x7C00
    let finite = size < 0x3880_0000 ? subnormal : normal
    return sign | UInt16(truncatingIfNeeded: size >= 0x4780_0000 ? special : finite)
  }

  /// The float that `bits` stand for, exactly.
  @inline(__always)
  package static func float(_ bits: UInt16) -> Float {
    let size = UInt32(bits & 0x7FFF) << 13
    // Scaling by 2^112 rebiases the exponent, of subnormal halves too.
    let finite = (Float(bitPattern: size) * 0x1p112).bitPattern
    let special = size | 0x7F80_0000
    let sign = UInt32(bits & 0x8000) << 16
    return Float(bitPattern: sign | (size >= 0x0F80_0000 ? special : finite))
  }

  /// The high and the low bytes of `values` as halves, each a plane of its own.
  static func planes(_ values: [Float]) -> (high: [UInt8], low: [UInt8]) {
    var high = [UInt8](repeating: 0, count: values.count)
    var low = [UInt8](repeating: 0, count: values.count)
    values.withUnsafeBufferPointer { values in
      high.withUnsafeMutableBufferPointer { high in
        low.withUnsafeMutableBufferPointer { low in
          for i in 0..<values.count {
            let half = bits(values[i])
            high[i] = UInt8(truncatingIfNeeded: half >> 8)
            low[i] = UInt8(truncatingIfNeeded: half)
          }
        }
      }
    }
    return (high, low)
  }

  /// The halves of entries `range` of two byte planes.
  static func joined(high: [UInt8], low: [UInt8], _ range: Range<Int>) -> [UInt16] {
    precondition(high.count == low.count && range.upperBound <= high.count)
    return [UInt16](unsafeUninitializedCapacity: range.count) { halves, count in
      high.withUnsafeBufferPointer { high in
        low.withUnsafeBufferPointer { low in
          for i in 0..<range.count {
            let at = range.lowerBound &+ i
            halves[i] = UInt16(high[at]) << 8 | UInt16(low[at])
          }
        }
      }
      count = range.count
    }
  }

  /// The floats of entries `range` of two byte planes.
  static func floats(high: [UInt8], low: [UInt8], _ range: Range<Int>) -> [Float] {
    precondition(high.count == low.count && range.upperBound <= high.count)
    return [Float](unsafeUninitializedCapacity: range.count) { floats, count in
      high.withUnsafeBufferPointer { high in
        low.withUnsafeBufferPointer { low in
          for i in 0..<range.count {
            let at = range.lowerBound + i
            floats[i] = float(UInt16(high[at]) << 8 | UInt16(low[at]))
          }
        }
      }
      count = range.count
    }
  }
}
