import Foundation
import Support

#if canImport(Glibc)
  import Glibc
#endif

/// Text that is written now and belongs behind what is written after it: in a file without a name of its
/// own, which goes with its owner, so that memory does not grow.
final class Spool {
  private let path: String
  private let part: Part
  private var buffer: [UInt8] = []
  private var length = 0

  /// - Parameter path: of the file that the text is for; a temporary one stands beside it.
  init(beside path: String) throws(InputError) {
    self.path = path
    part = try Part(of: path)
  }

  deinit { part.remove() }

  func write(_ text: String) throws(InputError) {
    buffer += text.utf8
    if buffer.count >= 1 << 20 { try flush() }
  }

  /// Adds all of it to a file.
  func copy(to file: PartFile) throws(InputError) {
    try flush()
    var offset = 0
    while offset < length {
      let count = min(1 << 20, length - offset)
      let bytes = try Files.bytes(
        part.file.descriptor, at: offset, count: count, path: part.path)
      guard bytes.count == count else { throw .system("cannot read", at: part.path, code: EIO) }
      try file.write(bytes)
      offset += count
    }
  }

  private func flush() throws(InputError) {
    try Files.writeAll(Data(buffer), to: part.file.descriptor, path: path)
    length += buffer.count
    buffer.removeAll(keepingCapacity: true)
  }
}
