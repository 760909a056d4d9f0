internal import Glibc

/// The process that holds a lease or writes a file, in words that outlive it: "host:pid:start".
struct Owner: Equatable, Sendable {
  var host: String
  var process: Int32
  /// When the process started, in the kernel's ticks; tells a reused process id from the old one.
  var start: UInt64

  /// This process.
  static let current = Owner(
    host: thisHost, process: getpid(), start: startTime(of: getpid()) ?? 0)

  var name: String { "\(host):\(process):\(start)" }

  init(host: String, process: Int32, start: UInt64) {
    self.host = host
    self.process = process
    self.start = start
  }

  init?(name: some StringProtocol) {
    let parts = name.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 3, let process = Int32(parts[1]), let start = UInt64(parts[2])
    else { return nil }
    self.init(host: String(parts[0]), process: process, start: start)
  }

  /// Whether this process is certainly over: it ran on this host and is not there any more.
  var isGone: Bool {
    // A start of 0 is that of a machine without /proc, where nothing is certain.
    host == Self.thisHost && Self.current.start != 0 && Self.startTime(of: process) != start
  }

  private static let thisHost: String = {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "unknown" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
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
