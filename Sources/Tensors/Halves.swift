import CKernels
package import Foundation

/// Between float32 and the stored floating-point types, rounding to nearest even.
package enum Halves {
  /// Reads `out.count` stored elements; the bytes may stand at any address.
  package static func decode(
    _ bytes: UnsafeRawPointer, _ type: StoredType,
    into out: UnsafeMutableBufferPointer<Float>
  ) {
    guard out.count > 0 else { return }
    if type == .float32 {
      memcpy(out.baseAddress!, bytes, out.count * 4)
      return
    }
    if type == .float64 {
      for i in out.indices {
        out[i] = Float(bytes.loadUnaligned(fromByteOffset: 8 * i, as: Double.self))
      }
      return
    }
    withUnsafeTemporaryAllocation(of: UInt16.self, capacity: out.count) { halves in
      memcpy(halves.baseAddress!, bytes, out.count * 2)
      if type == .float16 {
        vild_half_to_float(out.baseAddress!, halves.baseAddress!, out.count)
      } else {
        vild_bfloat_to_float(out.baseAddress!, halves.baseAddress!, out.count)
      }
    }
  }

  /// Appends the elements of `tensor` in the given format.
  package static func encode(
    _ tensor: Tensor, _ type: StoredType, to data: inout Data
  ) {
    tensor.withElements { x in
      guard let start = x.baseAddress, x.count > 0 else { return }
      if type == .float32 { return data.append(Data(buffer: x)) }
      precondition(type == .float16 || type == .bfloat16, "tensors are written as floats")
      withUnsafeTemporaryAllocation(of: UInt16.self, capacity: x.count) { halves in
        if type == .float16 {
          vild_float_to_half(halves.baseAddress!, start, x.count)
        } else {
          vild_float_to_bfloat(halves.baseAddress!, start, x.count)
        }
        data.append(Data(buffer: UnsafeBufferPointer(halves)))
      }
    }
  }
}
