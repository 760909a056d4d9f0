internal import Glibc
internal import Support

/// The lock on a whole cache, `<cache>/lock`: workers share it, repairs have it alone. The kernel
/// drops it when its holder ends, however that ends.
final class CacheLock: Sendable {
  /// What for.
  enum Use {
    /// Adding shards.
    case working
    /// Moving shards away, rebuilding the catalogue.
    case mending

    fileprivate var operation: Int32 { self == .working ? LOCK_SH : LOCK_EX }
  }

  private let file: OpenFile

  /// - Throws: `InputError` (`tryAgain`) where others use the cache in a way that excludes this one.
  init(_ folder: CacheFolder, for use: Use) throws(InputError) {
    let path = "\(folder.path)/lock"
    file = try OpenFile(path, O_RDWR | O_CREAT, mode: 0o666, or: "cannot open")
    guard try file.lock(use.operation, path: path) else {
      throw InputError(
        .tryAgain,
        use == .working ? "the cache is being mended" : "workers are using the cache",
        at: folder.path, got: LockHolders.names(of: path), hint: "try again when they have ended")
    }
  }
}
