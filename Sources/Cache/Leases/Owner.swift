internal import Foundation
internal import Glibc

/// The process that holds a lease or writes a file, in words that outlive it:
/// "host:process:start:boot:namespace".
struct Owner: Equatable, Sendable {
  var host: String
  var process: Int32
  /// When the process started, in the kernel's ticks; tells a reused process id from the old one.
  var start: UInt64
  /// Of the kernel it ran on; nil in names that the first release wrote.
  var boot: String?
  /// The namespace that the process id counts in: containers have their own.
  var namespace: String?

  /// This process, as one of the boot of `clock`.
  static func current(on clock: LeaseClock) -> Owner {
    Owner(
      host: thisHost, process: getpid(), start: startTime(of: getpid()) ?? 0, boot: clock.boot,
      namespace: thisNamespace)
  }

  var name: String {
    (["\(host)", "\(process)", "\(start)"] + [boot, namespace].compactMap(\.self))
      .joined(separator: ":")
  }

  init(host: String, process: Int32, start: UInt64, boot: String?, namespace: String?) {
    self.host = host
    self.process = process
    self.start = start
    self.boot = boot
    self.namespace = namespace
  }

  init?(name: some StringProtocol) {
    let parts = String(name).split(separator: ":", omittingEmptySubsequences: false)
      .map(String.init)
    guard parts.count == 3 || parts.count == 5, let process = Int32(parts[1]),
      let start = UInt64(parts[2])
    else { return nil }
    self.init(
      host: parts[0], process: process, start: start, boot: parts.count == 5 ? parts[3] : nil,
      namespace: parts.count == 5 ? parts[4] : nil)
  }

  /// Whether this process is certainly over: it ran before the last boot, or is not there any more
  /// where it would have to be seen.
  func isGone(on clock: LeaseClock) -> Bool {
    if let boot, boot != clock.boot { return true }
    if let namespace, namespace != Self.thisNamespace { return false }
    // Without /proc nothing is certain. Names of the first release say the host instead.
    guard Self.startTime(of: getpid()) != nil, boot != nil || host == Self.thisHost
    else { return false }
    return Self.startTime(of: process) != start
  }

  private static let thisHost: String = {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "unknown" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      .replacingOccurrences(of: ":", with: "-").replacingOccurrences(of: "/", with: "-")
  }()

  /// The digits of "pid:[4026531836]".
  private static let thisNamespace: String = {
    let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")
    return (link ?? "").filter(\.isNumber)
  }()

  /// Field 22 of /proc/<pid>/stat; nil for a process that is not there or waits to be reaped.
  private static func startTime(of process: Int32) -> UInt64? {
    guard let file = fopen("/proc/\(process)/stat", "r") else { return nil }
    defer { fclose(file) }
    var line = [UInt8](repeating: 0, count: 4096)
    let count = fread(&line, 1, line.count, file)
    // The name of the program stands in brackets and may hold anything.
    guard let bracket = line[..<count].lastIndex(of: UInt8(ascii: ")")) else { return nil }
    let fields = String(decoding: line[(bracket + 1)..<count], as: UTF8.self)
      .split(separator: " ")
    guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
    return UInt64(fields[19])
  }
}
