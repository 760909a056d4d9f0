public import Foundation

#if canImport(Glibc)
  package import Glibc
#endif

/// Reading and publishing files so that a reader sees the whole file or none of it.
public enum Files {
  /// The bytes of the file at `path`, to its end: of a pipe as well, whose size nobody knows.
  ///
  /// - Throws: `InputError` (`missingInput`, `inputOutput`) that names the path.
  public static func read(_ path: String) throws(InputError) -> Data {
    let descriptor = PathText.withSystemPath(path) { open($0, O_RDONLY | O_CLOEXEC) }
    guard descriptor >= 0 else { throw .system("cannot read", at: path) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system("cannot read", at: path) }
    if status.st_mode & S_IFMT == S_IFDIR {
      throw InputError(.missingInput, "cannot read", at: path, expected: "a file", got: "a folder")
    }
    // One more than it should have, so that the read that finds the end needs no more memory.
    var data = Data(count: Int(status.st_size) + 1)
    var filled = 0
    while true {
      if filled == data.count { data.append(Data(count: max(1 << 16, filled / 2))) }
      let got = data.withUnsafeMutableBytes {
        Glibc.read(descriptor, $0.baseAddress! + filled, $0.count - filled)
      }
      if got < 0 && errno == EINTR { continue }
      guard got >= 0 else { throw .system("cannot read", at: path) }
      if got == 0 { break }
      filled += got
    }
    return data.prefix(filled)
  }

  /// Writes `data` to `path`: a temporary file beside it, fsync, rename, fsync of the folder.
  ///
  /// A kill at any moment leaves the old file or the new one.
  /// - Throws: `InputError` (`tryAgain` on a full disk, `cannotCreate`, `inputOutput`).
  public static func write(_ data: Data, to path: String) throws(InputError) {
    let part = try Part(of: path)
    do throws(InputError) {
      try writeAll(data, to: part.file.descriptor, path: path)
      guard fsync(part.file.descriptor) == 0, part.rename(to: path) else {
        throw InputError.system("cannot write", at: path)
      }
    } catch {
      part.remove()
      throw error
    }
    try syncFolder(of: path)
  }

  /// Whether it worked; `errno` says why not.
  static func rename(_ old: String, to new: String) -> Bool {
    PathText.withSystemPath(old) { old in
      PathText.withSystemPath(new) { Glibc.rename(old, $0) == 0 }
    }
  }

  /// Removes a file, if it is there.
  static func remove(_ path: String) { _ = PathText.withSystemPath(path) { unlink($0) } }

  /// Writes every byte, through short writes and interrupted calls.
  public static func writeAll(
    _ data: Data, to descriptor: Int32, path: String
  ) throws(InputError) {
    try writeAll(data.bytes, to: descriptor, path: path)
  }

  /// Writes every byte, through short writes and interrupted calls.
  ///
  /// - Parameter offset: where to; nil for where the file stands.
  public static func writeAll(
    _ bytes: RawSpan, to descriptor: Int32, at offset: Int? = nil, path: String
  ) throws(InputError) {
    var written = 0
    while written < bytes.byteCount {
      let count = bytes.withUnsafeBytes {
        let (start, left) = ($0.baseAddress! + written, $0.count - written)
        return offset.map { pwrite(descriptor, start, left, off_t($0 + written)) }
          ?? Glibc.write(descriptor, start, left)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw .system("cannot write", at: path) }
      written += count
    }
  }

  /// Makes a rename in the folder of `path` durable. Mounts of object stores have no folders to sync.
  public static func syncFolder(of path: String) throws(InputError) {
    let folder = PathText.folder(of: path)
    let descriptor = PathText.withSystemPath(folder.isEmpty ? "." : folder) {
      open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    }
    guard descriptor >= 0 else { throw .system("cannot open the folder", at: folder) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 || [EINVAL, ENOSYS, ENOTSUP].contains(errno) else {
      throw .system("cannot sync the folder", at: folder)
    }
  }

  /// Creates `folder` and its parents; an existing folder is fine.
  ///
  /// - Throws: `InputError` (`cannotCreate`) that names the folder, also when a file is in the way
  ///   or the folder is not writable.
  public static func createFolder(_ folder: String) throws(InputError) {
    func make() -> Bool { PathText.withSystemPath(folder) { mkdir($0, 0o777) == 0 } }
    if !make(), errno != EEXIST {
      let parent = PathText.folder(of: folder)
      guard errno == ENOENT, !parent.isEmpty, parent != folder else {
        throw .system("cannot create the folder", at: folder)
      }
      try createFolder(parent)
      guard make() || errno == EEXIST else {
        throw .system("cannot create the folder", at: folder)
      }
    }
    guard isFolder(folder) else {
      throw .system("cannot create the folder", at: folder, code: ENOTDIR)
    }
    guard PathText.withSystemPath(folder, { access($0, W_OK) == 0 }) else {
      throw .system("cannot write into", at: folder)
    }
  }

  /// Calls `body` while no other process or thread is inside a call with the same `path`, an empty
  /// file that is made for the purpose and stays.
  ///
  /// The system gives the lock back when a process ends, however it ends.
  /// - Throws: what `body` throws, or `InputError` when the file cannot be made or locked.
  public static func withLock<Result>(
    on path: String, _ body: () throws(InputError) -> Result
  ) throws(InputError) -> Result {
    let descriptor = PathText.withSystemPath(path) { open($0, O_RDWR | O_CREAT | O_CLOEXEC, 0o644) }
    guard descriptor >= 0 else { throw .system("cannot write", at: path) }
    defer { close(descriptor) }
    while flock(descriptor, LOCK_EX) != 0 {
      guard errno == EINTR else { throw .system("cannot lock", at: path) }
    }
    return try body()
  }

  /// Bytes that this user may still write at `path`, or where it would be created.
  public static func freeBytes(at path: String) throws(InputError) -> Int {
    var folder = path
    while !folder.isEmpty, folder != "/", !exists(folder) {
      folder = PathText.folder(of: folder)
    }
    var status = statvfs()
    guard PathText.withSystemPath(folder.isEmpty ? "." : folder, { statvfs($0, &status) == 0 })
    else {
      throw .system("cannot read", at: folder)
    }
    return Int(clamping: status.f_bavail) * Int(clamping: status.f_frsize)
  }

  /// Whether what is at `path` can be read once only: a pipe, a terminal, `<(...)`.
  public static func isStream(_ path: String) -> Bool {
    status(of: path).map { ![S_IFREG, S_IFDIR].contains($0.st_mode & S_IFMT) } ?? false
  }

  /// Whether a folder is at `path`.
  public static func isFolder(_ path: String) -> Bool {
    status(of: path).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false
  }

  /// Whether something, file or folder, is at `path`.
  public static func exists(_ path: String) -> Bool {
    PathText.withSystemPath(path) { access($0, F_OK) == 0 }
  }

  /// The bytes of the file at `path`; nil where there is none.
  public static func size(of path: String) -> Int? { status(of: path).map { Int($0.st_size) } }

  /// What is at `path`, through links.
  package static func status(of path: String) -> stat? {
    var status = stat()
    return PathText.withSystemPath(path) { stat($0, &status) == 0 } ? status : nil
  }
}
