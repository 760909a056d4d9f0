#if canImport(Glibc)
  import Glibc
#endif

/// What a file looks like from outside: a quick sign that its content may have changed.
public struct FileStamp: Hashable, Sendable {
  /// Bytes.
  public let size: Int
  /// Nanoseconds since 1970.
  public let modified: Int

  public init(size: Int, modified: Int) { (self.size, self.modified) = (size, modified) }

  /// Of the file at `path`, through links; nil where there is none.
  public init?(_ path: String) {
    guard let status = Files.status(of: path) else { return nil }
    size = Int(status.st_size)
    modified = status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec
  }

  /// Whether a later change would show: the time is two seconds ago or more, longer than the clocks
  /// of file systems take for a tick. Ask before the content is read.
  public var isSettled: Bool {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return now.tv_sec * 1_000_000_000 + now.tv_nsec - modified >= 2_000_000_000
  }

  /// Puts the time of the file at `path` back by two seconds where it is not settled, so that any later
  /// change shows; returns what it looks like now.
  ///
  /// - Throws: `InputError` for a file that is missing, or whose time cannot be set.
  public static func settling(_ path: String) throws(InputError) -> FileStamp {
    guard let stamp = FileStamp(path) else { throw .system("cannot read", at: path) }
    if stamp.isSettled { return stamp }
    let earlier = stamp.modified - 2_000_000_000
    let time = timespec(tv_sec: earlier / 1_000_000_000, tv_nsec: earlier % 1_000_000_000)
    guard PathText.withSystemPath(path, { utimensat(AT_FDCWD, $0, [time, time], 0) }) == 0,
      let settled = FileStamp(path)
    else { throw .system("cannot set the time of", at: path) }
    return settled
  }
}
