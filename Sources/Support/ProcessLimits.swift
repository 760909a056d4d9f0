#if canImport(Glibc)
  package import Glibc
#endif

/// What the shell or the system allows this process (`ulimit`).
public enum ProcessLimits {
  /// Generic code and deep JSON need some; a thread of its own has as much as the system gives.
  private static let leastStack = 1 << 20
  /// Each thread reads a file or two, beside catalogues and shards.
  private static let leastFiles = 128

  /// Makes sure of a stack and of open files that no stage runs out of. A limit that may be raised is
  /// raised.
  ///
  /// - Throws: `InputError` (`tryAgain`) for a limit below that.
  public static func require() throws(InputError) {
    try raise(__rlimit_resource_t(RLIMIT_STACK.rawValue), to: leastStack) { got in
      InputError(
        .tryAgain, "the stack that a process may have is too small",
        expected: "at least \(leastStack >> 10) KiB", got: "\(got >> 10) KiB",
        hint: "raise it with 'ulimit -s \(8 << 10)'")
    }
    try raise(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), to: leastFiles) { got in
      InputError(
        .tryAgain, "too few files may be open at once", expected: "at least \(leastFiles)",
        got: "\(got)", hint: "raise the limit with 'ulimit -n 1024'")
    }
  }

  private static func raise(
    _ resource: __rlimit_resource_t, to least: Int, or refusal: (Int) -> InputError
  ) throws(InputError) {
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0, limit.rlim_cur < least else { return }
    let got = Int(limit.rlim_cur)
    limit.rlim_cur = min(limit.rlim_max, rlim_t(least))
    guard limit.rlim_cur >= least, setrlimit(resource, &limit) == 0 else { throw refusal(got) }
  }

  /// The soft limit of a resource; nil where there is none.
  package static func value(_ resource: __rlimit_resource_t) -> Int? {
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0, limit.rlim_cur < rlim_t(Int.max) else { return nil }
    return Int(limit.rlim_cur)
  }
}
