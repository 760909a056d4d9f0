import Support

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
      ProcessEnd.now(Self.refusal(of: bytes))
    }
    TensorMemory.add(bytes)
    base = start.bindMemory(to: Float.self, capacity: bytes / MemoryLayout<Float>.stride)
  }

  deinit {
    TensorMemory.remove(bytes)
    if Self.isLarge(bytes) { Arena.give(base, bytes) } else { free(base) }
  }

  private static func refusal(of bytes: Int) -> InputError {
    InputError(
      .tryAgain,
      "there is too little memory: a tensor of \(bytes >> 20) MiB has no place beside the "
        + "\(TensorMemory.current >> 20) MiB of tensors in use",
      got: AvailableMemory.now.map { "\($0.bytes >> 20) MiB left by \($0.bound)" },
      hint: "fewer images_per_forward, smaller images, fewer workers or threads (VILD_THREADS) "
        + "take less; the same command goes on")
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
