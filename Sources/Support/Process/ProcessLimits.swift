#if canImport(Glibc)
  package import Glibc
#endif

/// What the shell or the system allows this process (`ulimit`).
public enum ProcessLimits {
  /// Of the first thread, and of each other one: generic code and deep JSON need some.
  private static let leastStack = 1 << 20
  /// Each thread reads a file or two, beside catalogues and shards.
  private static let leastFiles = 128

  /// Makes sure of a stack and of open files that no stage runs out of. The limit of files is raised
  /// where it may be; threads have had the stack's since the start.
  ///
  /// - Throws: `InputError` (`tryAgain`) for a limit below that.
  public static func require() throws(InputError) {
    if let got = value(__rlimit_resource_t(RLIMIT_STACK.rawValue)), got < leastStack {
      throw InputError(
        .tryAgain, "the stack that a process may have is too small",
        expected: "at least \(leastStack >> 10) KiB", got: "\(got >> 10) KiB",
        hint: "raise it with 'ulimit -s \(8 << 10)'")
    }
    let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    guard getrlimit(files, &limit) == 0, limit.rlim_cur < leastFiles else { return }
    let got = limit.rlim_cur
    limit.rlim_cur = min(limit.rlim_max, rlim_t(leastFiles))
    guard limit.rlim_cur >= leastFiles, setrlimit(files, &limit) == 0 else {
      throw InputError(
        .tryAgain, "too few files may be open at once", expected: "at least \(leastFiles)",
        got: "\(got)", hint: "raise the limit with 'ulimit -n 1024'")
    }
  }

  /// The soft limit of a resource; nil where there is none.
  package static func value(_ resource: __rlimit_resource_t) -> Int? {
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0, limit.rlim_cur < rlim_t(Int.max) else { return nil }
    return Int(limit.rlim_cur)
  }
}
