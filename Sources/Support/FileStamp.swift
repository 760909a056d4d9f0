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
}
