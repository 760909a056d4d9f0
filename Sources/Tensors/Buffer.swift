#if canImport(Glibc)
  import Glibc
#endif

/// 64-byte aligned memory of one tensor; large ones lie in the process's arena.
final class Buffer: @unchecked Sendable {
  let base: UnsafeMutablePointer<Float>
  let count: Int
  private let bytes: Int

  var elements: UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: base, count: count)
  }

  init(count: Int) {
    self.count = count
    bytes = Self.size(of: max(1, count) * MemoryLayout<Float>.stride)
    guard let start = Self.isLarge(bytes) ? Arena.take(bytes) : Self.small(bytes) else {
      preconditionFailure(
        "out of memory: a tensor of \(bytes >> 20) MiB could not be allocated, with "
          + "\(TensorMemory.current >> 20) MiB of tensors in use")
    }
    TensorMemory.add(bytes)
    base = start.bindMemory(to: Float.self, capacity: bytes / MemoryLayout<Float>.stride)
  }

  deinit {
    TensorMemory.remove(bytes)
    if Self.isLarge(bytes) { Arena.give(base, bytes) } else { free(base) }
  }

  /// Up to here `malloc` is as fast.
  private static func isLarge(_ bytes: Int) -> Bool { bytes > 1 << 16 }

  private static func size(of bytes: Int) -> Int {
    bytes.roundedUp(to: isLarge(bytes) ? Arena.unit : 64)
  }

  private static func small(_ bytes: Int) -> UnsafeMutableRawPointer? {
    var memory: UnsafeMutableRawPointer?
    return posix_memalign(&memory, 64, bytes) == 0 ? memory : nil
  }
}
