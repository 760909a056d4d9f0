import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// The end of this process with one line that says why, also from places that cannot throw.
public enum ProcessEnd {
  private typealias Tell = @Sendable (InputError) -> Void

  private static let tell = Mutex<Tell> { StandardError.write("vild: \($0)\n") }

  private static let leave = Mutex<@Sendable (Int32) -> Void> { _ in }

  /// From now on this says what ended the process: its console, or for a worker what the process reads
  /// that it works for.
  public static func tell(by tell: @escaping @Sendable (InputError) -> Void) {
    self.tell.withLock { $0 = tell }
  }

  /// From now on this is called before the process ends, with its exit code.
  public static func leave(by leave: @escaping @Sendable (Int32) -> Void) {
    self.leave.withLock { $0 = leave }
  }

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
    let tell = tell.withLock { $0 }
    tell(error)
    now(code: error.kind.rawValue)
  }

  /// The same where all is said.
  public static func now(code: Int32) -> Never {
    leave(code: code)
    _exit(code)
  }

  /// What has to be done before the process ends.
  public static func leave(code: Int32) {
    let leave = leave.withLock { $0 }
    leave(code)
  }
}
