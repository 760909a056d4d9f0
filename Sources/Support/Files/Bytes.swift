/// Numbers as the bytes a file holds: little-endian, the order of every machine this runs on.
package enum Bytes {
  /// The memory of `values`; of trivial types only.
  package static func of<T: BitwiseCopyable>(_ values: [T]) -> [UInt8] {
    values.withUnsafeBytes { Array($0) }
  }

  /// The number at byte `offset`, which need not be aligned.
  package static func load<T: BitwiseCopyable>(
    _ bytes: [UInt8], at offset: Int, as type: T.Type
  ) -> T {
    precondition(offset >= 0 && offset + MemoryLayout<T>.size <= bytes.count)
    return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: type) }
  }

  /// `count` numbers that start at byte `offset`.
  package static func array<T: BitwiseCopyable>(
    _ bytes: [UInt8], at offset: Int, count: Int, as type: T.Type
  ) -> [T] {
    let size = count * MemoryLayout<T>.stride
    precondition(offset >= 0 && count >= 0 && offset + size <= bytes.count)
    return [T](unsafeUninitializedCapacity: count) { values, initialized in
      bytes.withUnsafeBytes { bytes in
        UnsafeMutableRawBufferPointer(values).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + size]))
      }
      initialized = count
    }
  }
}
