import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// The end of this process with one line that says why, also from places that cannot throw.
public enum ProcessEnd {
  private static let isWorker = Atomic(false)

  /// From now on the line goes to standard output, where the process takes it from that this one
  /// works for.
  public static func tellParent() { isWorker.store(true, ordering: .relaxed) }

  /// Ends the process where a library has no memory left (`tryAgain`).
  public static func outOfMemory(for what: String) -> Never {
    now(
      InputError(
        .tryAgain, "there is too little memory for \(what)",
        got: AvailableMemory.now.map { "\($0.bytes >> 20) MiB left by \($0.bound)" },
        hint: "fewer workers or threads (VILD_THREADS) and smaller images take less; the same "
          + "command goes on"))
  }

  /// Ends the process. Nothing is flushed and no library is asked to leave: one that waits for memory
  /// would wait for ever.
  public static func now(_ error: InputError) -> Never {
    if isWorker.load(ordering: .relaxed) {
      try? StandardOutput.write("\(error)")
    } else {
      StandardError.write("vild: \(error)\n")
    }
    _exit(error.kind.rawValue)
  }
}
