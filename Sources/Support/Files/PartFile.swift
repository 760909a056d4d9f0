import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// A file written piece by piece under a temporary name and published whole.
///
/// A reader sees the old file or the new one; dropping the writer before `publish` leaves nothing.
public final class PartFile {
  private let path: String
  /// Nil once the file is published.
  private var part: Part?
  private var buffer = Data()

  /// - Throws: `InputError` that names `path` when its folder cannot be written to.
  public init(path: String) throws(InputError) {
    self.path = path
    part = try Part(of: path)
  }

  deinit { part?.remove() }

  /// Adds text; kept in memory up to a megabyte.
  public func write(_ text: String) throws(InputError) { try write(Array(text.utf8)) }

  /// Adds bytes; kept in memory up to a megabyte.
  public func write(_ bytes: [UInt8]) throws(InputError) {
    precondition(part != nil, "the file is published")
    buffer.append(contentsOf: bytes)
    if buffer.count >= 1 << 20 { try flush() }
  }

  /// Puts bytes at `offset`, beyond the end too, whatever was written there; for files whose parts
  /// grow side by side. Not to be mixed with the writing of pieces.
  public func write(_ bytes: [UInt8], at offset: Int) throws(InputError) {
    guard let part, buffer.isEmpty else { preconditionFailure("the file is published") }
    try Files.writeAll(bytes.span.bytes, to: part.file.descriptor, at: offset, path: path)
  }

  /// fsync, rename, fsync of the folder.
  public func publish() throws(InputError) {
    guard let part else { preconditionFailure("the file is published") }
    try flush()
    guard fsync(part.file.descriptor) == 0, part.rename(to: path) else {
      throw .system("cannot write", at: path)
    }
    self.part = nil
    try Files.syncFolder(of: path)
  }

  private func flush() throws(InputError) {
    guard let part else { preconditionFailure("the file is published") }
    try Files.writeAll(buffer, to: part.file.descriptor, path: path)
    buffer.removeAll(keepingCapacity: true)
  }
}
