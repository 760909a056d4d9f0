import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// The processor cores that this process may use, which may be fewer than the machine has.
public enum ProcessorCores {
  /// How many there are by the process's affinity (`taskset`) and by the quotas of its control groups
  /// (`docker --cpus`), at least 1; as it was when first asked for.
  public static let allowed = allowed(
    affinity: affinity ?? ProcessInfo.processInfo.activeProcessorCount,
    quotas: ControlGroup.all(of: "cpu").compactMap(quota))

  /// A part of a core counts as a core: one thread less would leave it unused.
  ///
  /// - Parameter quotas: in cores.
  package static func allowed(affinity: Int, quotas: [Double]) -> Int {
    let least = quotas.min() ?? .infinity
    return max(1, least < Double(affinity) ? Int(least.rounded(.up)) : affinity)
  }

  /// How many cores the threads of a control group may use together; nil where it has no quota.
  package static func quota(_ group: ControlGroup) -> Double? {
    let words: [Substring]
    switch group.version {
    case .two: words = (group.text("cpu.max") ?? "").split(whereSeparator: \.isWhitespace)
    case .one:
      words = ["cpu.cfs_quota_us", "cpu.cfs_period_us"].compactMap(group.text).flatMap {
        $0.split(whereSeparator: \.isWhitespace)
      }
    }
    // "max" and -1 are no quota.
    guard words.count == 2, let time = Double(words[0]), let period = Double(words[1]), time > 0,
      period > 0
    else { return nil }
    return time / period
  }

  /// Of the first thread, which others inherit; nil where the system does not say.
  private static var affinity: Int? {
    // Room for 65,536 cores; `cpu_set_t` has 1,024.
    var words = [UInt64](repeating: 0, count: 1024)
    let isKnown = words.withUnsafeMutableBytes { bytes in
      sched_getaffinity(
        getpid(), bytes.count, bytes.baseAddress!.assumingMemoryBound(to: cpu_set_t.self)) == 0
    }
    return isKnown ? words.reduce(0) { $0 + $1.nonzeroBitCount } : nil
  }
}
