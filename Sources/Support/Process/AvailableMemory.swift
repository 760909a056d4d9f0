import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// How much more memory this process may take, and what says so.
public struct AvailableMemory: Hashable, Sendable {
  /// In bytes, 0 or more.
  public let bytes: Int
  /// What sets the bound, for messages: "the limit of addresses (ulimit -v)".
  public let bound: String

  package init(bytes: Int, bound: String) {
    (self.bytes, self.bound) = (max(0, bytes), bound)
  }

  /// The least of the process's own limits, of its control groups' and of what the machine has free;
  /// nil where the system says nothing.
  public static var now: AvailableMemory? {
    least([addresses, data].compactMap(\.self) + resident)
  }

  /// By the process's own limits, which count what is set aside and never used; nil where it has none.
  package static var limits: AvailableMemory? { least([addresses, data].compactMap(\.self)) }

  /// What can be filled, by control groups and the machine.
  package static var pages: AvailableMemory? { least(resident) }

  private static var addresses: AvailableMemory? {
    own(__rlimit_resource_t(RLIMIT_AS.rawValue), "VmSize:", "the limit of addresses (ulimit -v)")
  }

  /// Of memory that may be written to.
  package static var data: AvailableMemory? {
    own(__rlimit_resource_t(RLIMIT_DATA.rawValue), "VmData:", "the limit of data (ulimit -d)")
  }

  private static var resident: [AvailableMemory] {
    let free = text("/proc/meminfo").flatMap { machine($0) }
    return [free].compactMap(\.self) + ControlGroup.all(of: "memory").compactMap(group)
  }

  private static func least(_ all: [AvailableMemory]) -> AvailableMemory? {
    all.min { $0.bytes < $1.bytes }
  }

  /// - Throws: `InputError` (`tryAgain`) where there is less than `bytes`.
  public static func require(_ bytes: Int, for what: String, hint: String) throws(InputError) {
    guard let now, now.bytes < bytes else { return }
    throw InputError(
      .tryAgain, "there is too little memory for \(what)",
      expected: "at least \(bytes >> 20) MiB more",
      got: "\(now.bytes >> 20) MiB by \(now.bound)", hint: hint)
  }

  // MARK: - What the system says

  private static func own(
    _ resource: __rlimit_resource_t, _ used: String, _ bound: String
  ) -> AvailableMemory? {
    guard let limit = ProcessLimits.value(resource),
      let used = text("/proc/self/status").flatMap({ kilobytes(used, in: $0) })
    else { return nil }
    return AvailableMemory(bytes: limit - used, bound: bound)
  }

  /// - Parameter text: of /proc/meminfo. What can be swapped out counts as free.
  package static func machine(_ text: String) -> AvailableMemory? {
    guard let free = kilobytes("MemAvailable:", in: text) else { return nil }
    return AvailableMemory(
      bytes: free + (kilobytes("SwapFree:", in: text) ?? 0), bound: "the machine's free memory")
  }

  /// By a control group's own limit; nil where it has none.
  package static func group(_ group: ControlGroup) -> AvailableMemory? {
    switch group.version {
    case .two:
      within(
        group, limit: "memory.max", used: "memory.current",
        cached: ["active_file", "inactive_file"])
    case .one:
      within(
        group, limit: "memory.limit_in_bytes", used: "memory.usage_in_bytes",
        cached: ["total_active_file", "total_inactive_file"])
    }
  }

  /// What files in memory take is given back when it is needed.
  private static func within(
    _ group: ControlGroup, limit: String, used: String, cached: [String]
  ) -> AvailableMemory? {
    func number(_ file: String) -> Int? {
      group.text(file).flatMap { Int($0.trimmingCharacters(in: .newlines)) }
    }
    guard let limit = number(limit), limit < 1 << 60, let used = number(used) else { return nil }
    let files = group.text("memory.stat")?.split(separator: "\n").reduce(0) { sum, line in
      let words = line.split(separator: " ")
      guard words.count == 2, cached.contains(String(words[0])) else { return sum }
      return sum + (Int(words[1]) ?? 0)
    }
    return AvailableMemory(
      bytes: limit - used + (files ?? 0), bound: "the limit of its control group")
  }

  /// In bytes, of a line "Name:   123 kB".
  private static func kilobytes(_ name: String, in text: String) -> Int? {
    let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
    let words = line?.split(whereSeparator: \.isWhitespace).dropFirst()
    return words?.first.flatMap { Int($0) }.map { $0 << 10 }
  }

  private static func text(_ path: String) -> String? {
    try? String(contentsOfFile: path, encoding: .utf8)
  }
}
