import Foundation

#if canImport(Glibc)
  public import Glibc
#endif

/// A program that runs beside the tests.
///
/// Foundation's `Process` is waited for through a run loop, which now and then misses the end when
/// many threads start and wait; here `waitpid` tells.
public final class ChildProcess {
  /// How a program ended.
  public struct End: Equatable, Sendable {
    /// The exit code, or the signal's number when it was killed.
    public let status: Int32
    /// Whether a signal ended it.
    public let wasKilled: Bool
  }

  /// The process id.
  public let identifier: pid_t
  private var end: End?

  /// Starts `program`, a path or a name to be looked up, with files for its outputs; no input.
  ///
  /// - Parameters:
  ///   - environment: in addition to this process's own.
  ///   - output: a path that standard output goes to; nil drops it.
  ///   - errors: the same for standard error; may equal `output`.
  /// - Throws: `POSIXError` when there is no such program.
  public init(
    _ program: String, _ arguments: [String] = [], environment: [String: String] = [:],
    output: String? = nil, errors: String? = nil
  ) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let flags = O_WRONLY | O_CREAT | O_APPEND
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output ?? "/dev/null", flags, 0o644)
    posix_spawn_file_actions_addopen(&actions, 2, errors ?? "/dev/null", flags, 0o644)
    // What other tests have open, locks among it, is none of its business.
    for file in Int32(3)..<256 { posix_spawn_file_actions_addclose(&actions, file) }

    // A child inherits which signals are blocked, and the threads that run tests block some.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

    let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    var words = ([program] + arguments).map { strdup($0) } + [nil]
    var settings = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { (words + settings).forEach { free($0) } }
    var identifier = pid_t()
    let code = posix_spawnp(&identifier, program, &actions, &attributes, &words, &settings)
    guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EIO) }
    self.identifier = identifier
  }

  deinit {
    signal(SIGKILL)
    wait()
  }

  /// Sends a signal, unless the program has ended.
  public func signal(_ code: Int32) {
    if isRunning { kill(identifier, code) }
  }

  /// Whether it has not ended yet.
  public var isRunning: Bool { poll(WNOHANG) == nil }

  /// Waits for the end.
  @discardableResult
  public func wait() -> End { poll(0)! }

  private func poll(_ options: Int32) -> End? {
    if let end { return end }
    var status: Int32 = 0
    while true {
      let found = waitpid(identifier, &status, options)
      if found == 0 { return nil }
      if found == identifier { break }
      precondition(errno == EINTR, "nobody else waits for a child")
    }
    let signal = status & 0x7F
    end = End(status: signal == 0 ? (status >> 8) & 0xFF : signal, wasKilled: signal != 0)
    return end
  }
}
