internal import CKernels

/// Elements of several bytes as planes: first the high bytes of all, last the low ones.
enum BytePlanes {
  /// The planes of `bytes`, one after the other.
  ///
  /// - Parameter planes: bytes of an element, which is little-endian.
  static func split(_ bytes: [UInt8], into planes: Int) -> [UInt8] {
    let count = bytes.count / planes
    return [UInt8](unsafeUninitializedCapacity: bytes.count) { split, filled in
      bytes.withUnsafeBytes { bytes in
        if planes == 2, count > 0 {
          bytes.withMemoryRebound(to: UInt16.self) { halves in
            vild_split_halves(
              split.baseAddress, split.baseAddress! + count, halves.baseAddress, count)
          }
        } else {
          for plane in 0..<planes {
            for i in 0..<count { split[plane * count + i] = bytes[(i + 1) * planes - 1 - plane] }
          }
        }
      }
      filled = count * planes
    }
  }

  /// The elements of planes that stand one after the other.
  static func joined<Value: BitwiseCopyable>(
    _ planes: UnsafeRawBufferPointer, as type: Value.Type
  ) -> [Value] {
    let width = MemoryLayout<Value>.stride
    precondition(planes.count % width == 0)
    let count = planes.count / width
    return [Value](unsafeUninitializedCapacity: count) { values, filled in
      join(planes, of: width, into: UnsafeMutableRawBufferPointer(values))
      filled = count
    }
  }

  private static func join(
    _ planes: UnsafeRawBufferPointer, of width: Int, into bytes: UnsafeMutableRawBufferPointer
  ) {
    let count = planes.count / width
    if count == 0 { return }
    if width == 2 {
      return planes.withMemoryRebound(to: UInt8.self) { planes in
        bytes.withMemoryRebound(to: UInt16.self) { halves in
          vild_join_halves(
            halves.baseAddress, planes.baseAddress, planes.baseAddress! + count, count)
        }
      }
    }
    for plane in 0..<width {
      for i in 0..<count { bytes[(i + 1) * width - 1 - plane] = planes[plane * count + i] }
    }
  }
}
