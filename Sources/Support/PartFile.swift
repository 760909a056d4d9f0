import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// A file written piece by piece under a temporary name and published whole.
///
/// A reader sees the old file or the new one; dropping the writer before `publish` leaves nothing.
public final class PartFile {
  private let path: String
  private let part: String
  private var descriptor: Int32
  private var buffer = Data()

  /// - Throws: `InputError` that names `path` when its folder cannot be written to.
  public init(path: String) throws(InputError) {
    self.path = path
    part = Files.partPath(of: path)
    descriptor = PathText.withSystemPath(part) {
      open($0, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    }
    guard descriptor >= 0 else { throw .system("cannot write", at: path) }
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    Files.remove(part)
  }

  /// Adds text; kept in memory up to a megabyte.
  public func write(_ text: String) throws(InputError) { try write(Array(text.utf8)) }

  /// Adds bytes; kept in memory up to a megabyte.
  public func write(_ bytes: [UInt8]) throws(InputError) {
    precondition(descriptor >= 0, "the file is published")
    buffer.append(contentsOf: bytes)
    if buffer.count >= 1 << 20 { try flush() }
  }

  /// Puts bytes at `offset`, beyond the end too, whatever was written there; for files whose parts
  /// grow side by side. Not to be mixed with the writing of pieces.
  public func write(_ bytes: [UInt8], at offset: Int) throws(InputError) {
    precondition(descriptor >= 0 && buffer.isEmpty, "the file is published")
    try Files.writeAll(bytes.span.bytes, to: descriptor, at: offset, path: path)
  }

  /// fsync, rename, fsync of the folder.
  public func publish() throws(InputError) {
    try flush()
    guard fsync(descriptor) == 0, Files.rename(part, to: path) else {
      throw .system("cannot write", at: path)
    }
    close(descriptor)
    descriptor = -1
    try Files.syncFolder(of: path)
  }

  private func flush() throws(InputError) {
    try Files.writeAll(buffer, to: descriptor, path: path)
    buffer.removeAll(keepingCapacity: true)
  }
}
