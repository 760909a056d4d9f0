internal import CKernels

/// IEEE 754 half precision.
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
}
