import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// 64-byte aligned memory of one tensor. Large blocks go back to a pool: the same sizes come again
/// every step, and fresh pages cost more than the arithmetic on them.
final class Buffer: @unchecked Sendable {
  let base: UnsafeMutablePointer<Float>
  let count: Int
  private let bytes: Int

  var elements: UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: base, count: count)
  }

  init(count: Int) {
    self.count = count
    bytes = BufferPool.blockSize(for: count * MemoryLayout<Float>.stride)
    base = BufferPool.take(bytes).bindMemory(
      to: Float.self, capacity: bytes / MemoryLayout<Float>.stride)
  }

  deinit { BufferPool.give(base, bytes) }
}

/// Free blocks by size. Held memory is bounded by the largest amount in use at once.
enum BufferPool {
  private struct Block: @unchecked Sendable { let start: UnsafeMutableRawPointer }
  private static let free = Mutex<[Int: [Block]]>([:])
  /// Below this, `malloc` is as fast.
  private static let smallest = 1 << 16

  /// Sizes are rounded up to eighths of a power of two, so that near sizes share blocks.
  static func blockSize(for bytes: Int) -> Int {
    if bytes <= smallest { return max(64, (bytes + 63) & ~63) }
    let power = Int.bitWidth - 1 - (bytes - 1).leadingZeroBitCount
    let step = 1 << max(0, power - 3)
    return (bytes + step - 1) / step * step
  }

  static func take(_ bytes: Int) -> UnsafeMutableRawPointer {
    if bytes > smallest, let block = free.withLock({ $0[bytes]?.popLast() }) { return block.start }
    var memory: UnsafeMutableRawPointer?
    let code = posix_memalign(&memory, 64, bytes)
    guard code == 0, let memory else {
      preconditionFailure("out of memory: a tensor of \(bytes >> 20) MiB could not be allocated")
    }
    return memory
  }

  static func give(_ start: UnsafeMutableRawPointer, _ bytes: Int) {
    guard bytes > smallest else { return Glibc.free(start) }
    free.withLock { $0[bytes, default: []].append(Block(start: start)) }
  }
}
