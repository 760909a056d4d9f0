import Foundation

#if canImport(Glibc)
  package import Glibc
#endif

/// Another program that runs beside this one.
///
/// Foundation's `Process` is waited for through a run loop, which now and then misses the end when
/// many threads start and wait; here `waitpid` tells. Used by one thread at a time.
package final class ChildProcess {
  /// Where one of the child's standard streams leads.
  package enum Stream {
    /// Nothing is read, or what is written is dropped.
    case nowhere
    /// Where this process's own leads.
    case inherited
    /// A file, to be appended to.
    case file(String)
    /// Something this process has open.
    case descriptor(Int32)
  }

  /// How a program ended.
  package struct End: Equatable, Sendable {
    /// The exit code, or the signal's number when it was killed.
    package let status: Int32
    /// Whether a signal ended it.
    package let wasKilled: Bool
  }

  /// The process id.
  package let identifier: pid_t
  private var end: End?

  /// Starts `program`, a path or a name to be looked up. It has no other files open than these
  /// streams.
  ///
  /// - Parameters:
  ///   - environment: in addition to this process's own.
  ///   - ownGroup: whether the terminal's Ctrl-C does not reach it.
  /// - Throws: `InputError` (`missingInput` when there is no such program).
  package init(
    _ program: String, _ arguments: [String] = [], environment: [String: String] = [:],
    input: Stream = .nowhere, output: Stream = .nowhere, errors: Stream = .nowhere,
    ownGroup: Bool = false
  ) throws(InputError) {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (number, stream) in [input, output, errors].enumerated() {
      let flags = number == 0 ? O_RDONLY : O_WRONLY | O_CREAT | O_APPEND
      let number = Int32(number)
      switch stream {
      case .nowhere: posix_spawn_file_actions_addopen(&actions, number, "/dev/null", flags, 0)
      case .inherited: break
      case .file(let path):
        _ = PathText.withSystemPath(path) {
          posix_spawn_file_actions_addopen(&actions, number, $0, flags, 0o644)
        }
      case .descriptor(let open): posix_spawn_file_actions_adddup2(&actions, open, number)
      }
    }
    for file in Self.openFiles where file > STDERR_FILENO {
      posix_spawn_file_actions_addclose(&actions, file)
    }

    // A child inherits which signals are blocked and which are ignored; some threads block some.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    var ignored = none
    for code in [SIGPIPE, SIGXFSZ] { sigaddset(&ignored, code) }
    posix_spawnattr_setsigdefault(&attributes, &ignored)
    let group = ownGroup ? POSIX_SPAWN_SETPGROUP : 0
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | group))

    let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    var words = ([program] + arguments).map { PathText.withSystemPath($0) { strdup($0) } } + [nil]
    var settings = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { (words + settings).forEach { free($0) } }
    var identifier = pid_t()
    let code = posix_spawnp(&identifier, program, &actions, &attributes, &words, &settings)
    guard code == 0 else { throw .system("cannot start the program", at: program, code: code) }
    self.identifier = identifier
  }

  /// Also those that this process was started with, whose numbers may be any. What another thread opens
  /// meanwhile is closed by its O_CLOEXEC.
  private static var openFiles: [Int32] {
    let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
    return names?.compactMap { Int32($0) } ?? Array(0..<1024)
  }

  deinit {
    signal(SIGKILL)
    wait()
  }

  /// Sends a signal, unless the program has ended.
  package func signal(_ code: Int32) {
    if isRunning { kill(identifier, code) }
  }

  /// Whether it has not ended yet.
  package var isRunning: Bool { poll(WNOHANG) == nil }

  /// Waits for the end.
  @discardableResult
  package func wait() -> End { poll(0)! }

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
