import Foundation

/// The processor cores that this process may use, which may be fewer than the machine has.
public enum ProcessorCores {
  /// How many there are by the process's affinity (`taskset`) and by the quotas of its control groups
  /// (`docker --cpus`), at least 1; as it was when first asked for.
  public static let allowed = allowed(
    affinity: min(affinity ?? .max, ProcessInfo.processInfo.activeProcessorCount),
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

  /// What sched_getaffinity(2) says of the first thread, which others inherit; nil where the system
  /// says nothing.
  private static var affinity: Int? {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else {
      return nil
    }
    let online = try? String(contentsOfFile: "/sys/devices/system/cpu/online", encoding: .utf8)
    return affinity(status: status, online: online ?? "0-65535")
  }

  /// How many cores a thread may run on.
  ///
  /// - Parameters:
  ///   - status: of /proc/self/status, which names cores that are switched off as well.
  ///   - online: those that are on, as "0-3,8".
  package static func affinity(status: String, online: String) -> Int? {
    let name = "Cpus_allowed_list:"
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else {
      return nil
    }
    let count = numbers(line.dropFirst(name.count)).intersection(numbers(online)).count
    return count > 0 ? count : nil
  }

  /// Of a list like "0-3,8".
  private static func numbers(_ list: some StringProtocol) -> Set<Int> {
    var all = Set<Int>()
    for range in list.trimmingCharacters(in: .whitespacesAndNewlines).split(separator: ",") {
      let ends = range.split(separator: "-").compactMap { Int($0) }
      if let first = ends.first, let last = ends.last, first <= last { all.formUnion(first...last) }
    }
    return all
  }
}
