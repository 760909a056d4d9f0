import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif
/// Ctrl-C and SIGTERM as a flag that long work looks at between units, so that it stops at a
/// boundary and can be resumed. A second signal ends the process at once.
public enum StopSignal {
  private static let received = Atomic<Int32>(0)
  private static let inputHasEnded = Atomic<Bool>(false)

  /// Turns SIGINT and SIGTERM into the flag, from now on.
  public static func install() {
    // A parent may have blocked the signals, and a child inherits that.
    var signals = sigset_t()
    sigemptyset(&signals)
    for code in [SIGINT, SIGTERM] { sigaddset(&signals, code) }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    for code in [SIGINT, SIGTERM] {
      signal(code) { code in
        if StopSignal.received.exchange(code, ordering: .relaxed) != 0 { _exit(128 + code) }
      }
    }
  }

  /// Takes the end of standard input as SIGTERM from now on, for a process whose parent holds the
  /// other end of a pipe: however the parent ends, this one is told. A signal that comes as well, as
  /// Ctrl-C does to parent and child, counts as the first.
  public static func followInput() {
    Thread.detachNewThread {
      var byte: UInt8 = 0
      while true {
        let count = read(STDIN_FILENO, &byte, 1)
        if count == 0 || count < 0 && errno != EINTR { break }
      }
      inputHasEnded.store(true, ordering: .relaxed)
    }
  }

  /// The signal that asked the process to stop; nil while nobody has.
  public static var current: Int32? {
    let code = received.load(ordering: .relaxed)
    if code != 0 { return code }
    return inputHasEnded.load(ordering: .relaxed) ? SIGTERM : nil
  }

  /// - Throws: `Stopped` once a signal has asked to stop.
  public static func check() throws(Stopped) {
    if let code = current { throw Stopped(signal: code) }
  }
}

/// Work ended early because a signal asked for it; everything finished so far is kept.
public struct Stopped: Error, Equatable, Sendable {
  public let signal: Int32
  /// 130 after Ctrl-C, 143 after SIGTERM.
  public var exitCode: Int32 { 128 + signal }

  public init(signal: Int32) { self.signal = signal }
}
