import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// Ctrl-C and SIGTERM as a flag that long work looks at between units, so that it stops at a
/// boundary and can be resumed. A second signal ends the process at once, and those that work for it.
///
/// SIGUSR1 is SIGTERM ahead of time, as batch systems and MPI's launchers send it before the one that is
/// meant: it does not count as the first of two.
public enum StopSignal {
  private static let received = Atomic<Int32>(0)
  private static let isWarned = Atomic<Bool>(false)
  private static let inputHasEnded = Atomic<Bool>(false)
  private static let isWorker = Atomic<Bool>(false)
  /// Where workers are told to end at once, while there are any.
  private static let lifeline = Atomic<Int32>(-1)

  /// The process that is ended at once with this one; 0 while there is none.
  private static let companion = Atomic<Int32>(0)

  /// How a worker ends that was told to end at once: as if it were killed.
  private static let endedAtOnce = 128 + SIGKILL

  /// Turns SIGINT, SIGTERM and SIGUSR1 into the flag, from now on. Writing to a pipe that nobody reads, or
  /// beyond the size that a file may have, becomes an error of the call.
  public static func install() {
    // A parent may have blocked the signals, and a child inherits that.
    var signals = sigset_t()
    sigemptyset(&signals)
    for code in [SIGINT, SIGTERM, SIGUSR1] { sigaddset(&signals, code) }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    for code in [SIGINT, SIGTERM] {
      signal(code) { code in
        let isFirst = StopSignal.received.exchange(code, ordering: .relaxed) == 0
        if !isFirst && !StopSignal.isWorker.load(ordering: .relaxed) {
          StopSignal.endWorkers()
          _exit(128 + code)
        }
      }
    }
    signal(SIGUSR1) { _ in StopSignal.isWarned.store(true, ordering: .relaxed) }
    for code in [SIGPIPE, SIGXFSZ] { signal(code, SIG_IGN) }
  }

  /// Tells workers that read from the pipe's other end to end at once. Called by a signal's handler:
  /// nothing but system calls may stand here.
  private static func endWorkers() {
    let process = companion.load(ordering: .relaxed)
    if process > 0 { kill(process, SIGTERM) }
    let pipe = lifeline.load(ordering: .relaxed)
    if pipe < 0 { return }
    var byte: UInt8 = 0
    // Each worker takes one; there are 256 at most, and a pipe holds more than that.
    for _ in 0..<256 { write(pipe, &byte, 1) }
  }

  /// - Parameter descriptor: the writing end of the pipe that is the workers' standard input; nil once
  ///   they are no more.
  package static func tellWorkers(by descriptor: Int32?) {
    lifeline.store(descriptor ?? -1, ordering: .relaxed)
  }

  /// - Parameter process: that a second signal here ends with SIGTERM; nil once it is no more.
  package static func endAtOnce(with process: Int32?) {
    companion.store(process ?? 0, ordering: .relaxed)
  }

  /// Takes the end of standard input as SIGTERM from now on, for a process whose parent holds the
  /// other end of a pipe: however the parent ends, this one is told. Signals may come as well, as
  /// Ctrl-C does to parent and child: it is a byte that can be read which ends this one at once.
  public static func followInput() {
    isWorker.store(true, ordering: .relaxed)
    Thread.detachNewThread {
      var byte: UInt8 = 0
      while true {
        let count = read(STDIN_FILENO, &byte, 1)
        if count > 0 { _exit(endedAtOnce) }
        if count == 0 || count < 0 && errno != EINTR { break }
      }
      inputHasEnded.store(true, ordering: .relaxed)
    }
  }

  /// The signal that asked the process to stop; nil while nobody has.
  public static var current: Int32? {
    let code = received.load(ordering: .relaxed)
    if code != 0 { return code }
    let isTold = isWarned.load(ordering: .relaxed) || inputHasEnded.load(ordering: .relaxed)
    return isTold ? SIGTERM : nil
  }

  /// - Throws: `Stopped` once a signal has asked to stop.
  public static func check() throws(Stopped) {
    if let code = current { throw Stopped(signal: code) }
  }
}

/// Work ended early because a signal asked for it; everything finished so far is kept.
public struct Stopped: Error, Equatable, Sendable {
  public let signal: Int32
  /// 130 after Ctrl-C, 143 after SIGTERM, 141 where nobody reads the results (SIGPIPE).
  public var exitCode: Int32 { 128 + signal }

  public init(signal: Int32) { self.signal = signal }
}
