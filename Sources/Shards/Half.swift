internal import CKernels

/// IEEE 754 half precision, and its two planes of bytes.
package enum Half {
  /// `value` rounded to the nearest half, ties to even; beyond 65,519 infinite.
  package static func bits(_ value: Float) -> UInt16 { bits([value])[0] }

  /// The float that `bits` stand for, exactly.
  package static func float(_ bits: UInt16) -> Float { floats([bits][...])[0] }

  package static func bits(_ values: [Float]) -> [UInt16] {
    [UInt16](unsafeUninitializedCapacity: values.count) { halves, count in
      vild_float_to_half(halves.baseAddress, values, values.count)
      count = values.count
    }
  }

  package static func floats(_ halves: ArraySlice<UInt16>) -> [Float] {
    [Float](unsafeUninitializedCapacity: halves.count) { floats, count in
      halves.withUnsafeBufferPointer {
        vild_half_to_float(floats.baseAddress, $0.baseAddress, $0.count)
      }
      count = halves.count
    }
  }

  /// The high bytes of `halves`, then their low bytes.
  static func planes(_ halves: [UInt16]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 2 * halves.count) { planes, count in
      vild_split_halves(
        planes.baseAddress, planes.baseAddress! + halves.count, halves, halves.count)
      count = 2 * halves.count
    }
  }

  /// The halves of two planes.
  static func joined(high: UnsafeRawBufferPointer, low: UnsafeRawBufferPointer) -> [UInt16] {
    precondition(high.count == low.count)
    return [UInt16](unsafeUninitializedCapacity: high.count) { halves, count in
      high.withMemoryRebound(to: UInt8.self) { high in
        low.withMemoryRebound(to: UInt8.self) { low in
          vild_join_halves(halves.baseAddress, high.baseAddress, low.baseAddress, high.count)
        }
      }
      count = high.count
    }
  }
}
