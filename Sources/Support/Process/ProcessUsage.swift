import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// What this process has taken so far, as the operating system counts it.
public struct ProcessUsage: Hashable, Sendable {
  /// Of all threads, in the program and in the system, in seconds.
  public let cpuSeconds: Double
  /// The most memory that was resident at once, in bytes.
  public let peakBytes: Int
  /// Pages that were used for the first time (minor page faults), 4 KiB each, or 2 MiB where the
  /// system gave huge ones.
  public let freshPages: Int

  /// From the start of the process to this moment.
  public static var now: ProcessUsage {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return ProcessUsage(
      cpuSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
      peakBytes: highWater ?? usage.ru_maxrss * 1024, freshPages: usage.ru_minflt)
  }

  /// Of this program alone: `ru_maxrss` counts the process that started it as well. Nil where the
  /// system does not say.
  private static var highWater: Int? {
    let lines = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8))?
      .split(separator: "\n")
    let words = lines?.first { $0.hasPrefix("VmHWM:") }?.split(whereSeparator: \.isWhitespace)
    return words.flatMap { $0.count > 1 ? Int($0[1]) : nil }.map { $0 * 1024 }
  }

  /// The memory that is resident now, in bytes; 0 where the system does not say.
  public static var residentBytes: Int {
    let words = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?
      .split(separator: " ")
    return words.flatMap { $0.count > 1 ? Int($0[1]) : nil }.map { $0 * Int(getpagesize()) } ?? 0
  }
}
