#if canImport(Glibc)
  import Glibc
#endif

/// What the operating system counts of this process.
public enum ProcessUsage {
  /// Pages that were used for the first time since the start (minor page faults), 4 KiB each, or
  /// 2 MiB where the system gave huge ones.
  public static var freshPages: Int { usage.ru_minflt }

  /// The most memory the process held at once, in bytes.
  public static var peakBytes: Int { usage.ru_maxrss * 1024 }

  private static var usage: rusage {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage
  }
}
