internal import Foundation
internal import Glibc
internal import Support

/// The catalogue's file as it was when it was opened.
struct CatalogueFile: Sendable {
  private let path: String
  private let opened: Identity

  private struct Identity: Equatable {
    var device: UInt64
    var number: UInt64
    var size: Int
    var seconds: Int
    var nanoseconds: Int

    init?(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      device = UInt64(status.st_dev)
      number = UInt64(status.st_ino)
      size = Int(status.st_size)
      seconds = status.st_mtim.tv_sec
      nanoseconds = status.st_mtim.tv_nsec
    }
  }

  init(_ path: String) throws(InputError) {
    self.path = path
    guard let identity = Identity(path) else { throw .system("cannot read", at: path) }
    opened = identity
  }

  /// Whether the write-ahead log of the catalogue at `path` holds anything.
  static func hasLog(_ path: String) -> Bool {
    var status = stat()
    return stat("\(path)-wal", &status) == 0 && status.st_size > 0
  }

  /// Whether SQLite can open the file for reading only if told that nobody writes: its log needs
  /// files of shared memory, which cannot be made in a folder that must not be written to, and
  /// which no network file system shares between machines.
  ///
  /// - Throws: `InputError` (`tryAgain`) where the log holds what cannot be read in this way.
  func mustBeImmutable() throws(InputError) -> Bool {
    let folder = PathText.folder(of: path)
    let network = FileSystem.networkType(of: path)
    guard network != nil || access(folder, W_OK) != 0 else { return false }
    guard Self.hasLog(path) else { return true }
    // With both files there, a log can be read along with those who write it.
    if network == nil, access("\(path)-shm", R_OK) == 0, access("\(path)-wal", R_OK) == 0 {
      return false
    }
    throw InputError(
      .tryAgain, "the catalogue was not closed, and its folder cannot be written to", at: path,
      got: network,
      hint: "run 'vild cache repair' where it can be, or wait for the workers to end")
  }

  /// The name under which SQLite opens the file at `path` as one that nobody writes.
  static func immutableName(_ path: String) -> String {
    let name =
      path.addingPercentEncoding(
        withAllowedCharacters: .alphanumerics.union(CharacterSet(charactersIn: "/-._~"))) ?? path
    return "file:\(name)?immutable=1"
  }

  /// - Throws: `InputError` (`tryAgain`) where another file, or none, is in the place by now.
  func requireSameFile() throws(InputError) {
    let now = Identity(path)
    guard let now, (now.device, now.number) == (opened.device, opened.number) else {
      throw InputError(
        .tryAgain, "the catalogue was removed or replaced while it was in use", at: path,
        hint: "run the same command again; what is embedded is taken over from the shards")
    }
  }

  /// - Throws: `InputError` (`tryAgain`) where somebody wrote into the file since it was opened.
  func requireUnchanged() throws(InputError) {
    guard Identity(path) == opened, !Self.hasLog(path) else {
      throw InputError(
        .tryAgain, "the catalogue changed under a reader that must not write beside it", at: path,
        hint: "run the same command again when the workers have ended")
    }
  }
}
