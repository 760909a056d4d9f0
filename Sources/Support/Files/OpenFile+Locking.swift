#if canImport(Glibc)
  package import Glibc
#endif

extension OpenFile {
  /// Takes the file's lock until the file is closed; the system gives it back when the process ends,
  /// however that ends.
  ///
  /// Half a second is spent on trying: a program that is just being started holds what its parent
  /// held, until it runs.
  /// - Parameter operation: `LOCK_SH` to share it, `LOCK_EX` to have it alone.
  /// - Returns: false while others hold it in a way that excludes this one.
  /// - Throws: `InputError` that names `path` where the file cannot be locked at all.
  package func lock(_ operation: Int32, path: String) throws(InputError) -> Bool {
    var patience = 500
    while flock(descriptor, operation | LOCK_NB) != 0 {
      switch errno {
      case EINTR: continue
      case EWOULDBLOCK where patience > 0:
        patience -= 1
        usleep(1000)
      case EWOULDBLOCK: return false
      default: throw .system("cannot lock", at: path)
      }
    }
    return true
  }
}
