import COpenBLAS
public import Support

/// The memory that OpenBLAS takes: a buffer for each of its own threads, and for each of ours that
/// multiplies. Where there are no addresses for one it tries again for ever, and the process does not
/// even end, so that there must be enough before the first product.
public enum OpenBLASMemory {
  /// Of one buffer, `BUFFER_SIZE` on x86-64 (32 << 22) and what aligns it; nearly all of it is never
  /// used.
  private static let bufferBytes = 132 << 20
  /// Stacks, what is not a tensor, and small tensors.
  private static let otherBytes = 256 << 20
  /// Less makes no sense of any stage.
  private static let tensorBytes = 256 << 20

  /// Threads that it has started itself, beside the one that loaded it.
  static let ownThreads = max(0, Int(openblas_get_num_threads()) - 1)

  /// Memory to leave for what is no large tensor. What was taken already is not known, and asked for
  /// again.
  static var reserve: Int {
    // One that is not a worker may multiply beside them.
    let threads = ((try? Parallel.requireWorkers()) ?? 1) + 1 + ownThreads
    return threads * bufferBytes + otherBytes
  }

  /// To be called before anything is multiplied.
  ///
  /// - Throws: `InputError` (`tryAgain`) where the process may not have as much.
  public static func require() throws(InputError) {
    _ = ownThreads
    guard let left = AvailableMemory.limits else { return }
    let needed = reserve + tensorBytes
    guard left.bytes < needed else { return }
    throw InputError(
      .tryAgain, "there is too little memory to begin with",
      expected: "at least \(needed >> 20) MiB more",
      got: "\(left.bytes >> 20) MiB by \(left.bound)",
      hint: "raise the limit, or take fewer threads: OPENBLAS_NUM_THREADS=1 and VILD_THREADS=1")
  }
}
