import Ranks
package import Support
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// Keeps other processes out of a stage's folder while one writes in it. The system gives the lock
/// back when the process ends, however it ends.
package final class StageLock: Sendable {
  private let file: OpenFile

  /// - Throws: `InputError` (`tryAgain`) while another process has the lock.
  init(_ path: String, stage: String, folder: String) throws(InputError) {
    file = try OpenFile(path, O_RDWR | O_CREAT, or: "cannot write")
    guard try file.lock(LOCK_EX, path: path) else {
      throw InputError(
        .tryAgain, "another run of '\(stage)' is at work here", at: folder,
        hint: "wait for it, or stop it and start again: it continues where it was")
    }
  }

  private struct Held: Sendable { weak var lock: StageLock? }
  private static let held = Mutex<[String: Held]>([:])

  /// The same; within this process whoever asks for the same lock shares it, as pipelines of one page
  /// may have an evaluation in common.
  static func shared(
    _ path: String, stage: String, folder: String
  ) throws(InputError) -> StageLock {
    if let lock = held.withLock({ $0[path]?.lock }) { return lock }
    let lock = try StageLock(path, stage: stage, folder: folder)
    held.withLock { $0[path] = Held(lock: lock) }
    return lock
  }
}

extension StageFolder {
  /// Makes the folder and keeps other processes out of it for as long as the lock is held.
  ///
  /// - Throws: `InputError` (`tryAgain`) while another process is at work there.
  package func lock() throws(InputError) -> StageLock {
    try Files.createFolder(path)
    return try .shared(file("lock"), stage: stage, folder: path)
  }

  /// Does the work that finishes the stage, alone, unless it has been done meanwhile.
  ///
  /// - Throws: what `work` throws, or `InputError` (`tryAgain`) while another process is at it.
  func finishAlone(_ report: Console, _ work: () throws -> Void) throws {
    try finish(with: .alone, report, prepare: { true }, work)
  }

  /// The same by several ranks.
  ///
  /// - Parameters:
  ///   - prepare: is called on the leader, before `work` on all; false where that turns out to be done.
  func finish(
    with ranks: Ranks, _ report: Console, prepare: () throws -> Bool, _ work: () throws -> Void
  ) throws {
    var lock: StageLock?
    let isToBeDone = try ranks.leaderDecides {
      lock = try self.lock()
      return try !isDone(report) && prepare()
    }
    try withExtendedLifetime(lock) {
      if isToBeDone { try work() }
    }
  }
}
