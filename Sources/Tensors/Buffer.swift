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
    let block = BufferPool.take(BufferPool.blockSize(for: count * MemoryLayout<Float>.stride))
    bytes = block.bytes
    base = block.start.bindMemory(to: Float.self, capacity: bytes / MemoryLayout<Float>.stride)
  }

  deinit { BufferPool.give(base, bytes) }
}

/// Free blocks by size. Used and free blocks together never exceed the largest amount in use at
/// once: images of other sizes need blocks of other sizes, and take the memory of those that were
/// not used for longest.
enum BufferPool {
  struct Block: @unchecked Sendable {
    let start: UnsafeMutableRawPointer
    let bytes: Int
  }

  private struct Free {
    var blocks: [Int: [Block]] = [:]
    /// When a size was last asked for.
    var asked: [Int: Int] = [:]
    var bytes = 0
    var largestUse = 0
    private var clock = 0

    /// A free block of this size, or of one that is at most half as large again: the sizes of images
    /// and of the regions in them differ from step to step.
    mutating func take(_ size: Int, inUse: Int) -> Block? {
      clock += 1
      largestUse = max(largestUse, inUse)
      var fitting = size
      for _ in 0..<4 {
        if let block = blocks[fitting]?.popLast() {
          asked[fitting] = clock
          bytes -= fitting
          return block
        }
        fitting = BufferPool.blockSize(for: fitting + 1)
      }
      asked[size] = clock
      while bytes > 0, inUse + bytes > largestUse { dropOldest() }
      return nil
    }

    private mutating func dropOldest() {
      let size = blocks.lazy.filter { !$0.value.isEmpty }.min {
        asked[$0.key, default: 0] < asked[$1.key, default: 0]
      }!.key
      bytes -= size
      munmap(blocks[size]!.removeLast().start, size)
    }
  }

  private static let free = Mutex(Free())
  /// Below this, `malloc` is as fast.
  private static let smallest = 1 << 16

  /// Sizes are rounded up to eighths of a power of two, so that near sizes share blocks.
  static func blockSize(for bytes: Int) -> Int {
    if bytes <= smallest { return max(64, (bytes + 63) & ~63) }
    let power = Int.bitWidth - 1 - (bytes - 1).leadingZeroBitCount
    let step = 1 << max(0, power - 3)
    return (bytes + step - 1) / step * step
  }

  /// - Parameter bytes: as `blockSize` gives them.
  static func take(_ bytes: Int) -> Block {
    guard bytes > smallest else {
      var memory: UnsafeMutableRawPointer?
      guard posix_memalign(&memory, 64, bytes) == 0, let memory else { outOfMemory(bytes) }
      TensorMemory.add(bytes)
      return Block(start: memory, bytes: bytes)
    }
    let inUse = TensorMemory.add(bytes)
    if let block = free.withLock({ $0.take(bytes, inUse: inUse) }) {
      TensorMemory.add(block.bytes - bytes)
      return block
    }
    let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let memory, memory != MAP_FAILED else { outOfMemory(bytes) }
    return Block(start: memory, bytes: bytes)
  }

  static func give(_ start: UnsafeMutableRawPointer, _ bytes: Int) {
    TensorMemory.remove(bytes)
    guard bytes > smallest else { return Glibc.free(start) }
    free.withLock {
      $0.blocks[bytes, default: []].append(Block(start: start, bytes: bytes))
      $0.bytes += bytes
    }
  }

  /// Kept for the next tensors.
  static var freeBytes: Int { free.withLock(\.bytes) }

  private static func outOfMemory(_ bytes: Int) -> Never {
    preconditionFailure("out of memory: a tensor of \(bytes >> 20) MiB could not be allocated")
  }
}
