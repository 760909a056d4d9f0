import Support

#if canImport(Glibc)
  import Glibc
#endif

/// Keeps other processes out of a stage's folder while one trains in it. The system gives the lock
/// back when the process ends, however it ends.
final class StageLock {
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
}

extension StageFolder {
  /// Does the work that finishes the stage, alone, unless it has been done meanwhile.
  ///
  /// - Throws: what `work` throws, or `InputError` (`tryAgain`) while another process is at it.
  func finishAlone(_ work: () throws -> Void) throws {
    try Files.createFolder(path)
    let lock = try StageLock(file("lock"), stage: stage, folder: path)
    try withExtendedLifetime(lock) {
      if !isFinished { try work() }
    }
  }
}
