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
      var bytes = [UInt8](repeating: 0, count: min(1 << 20, length - offset))
      let got = bytes.withUnsafeMutableBytes {
        pread(part.file.descriptor, $0.baseAddress, $0.count, off_t(offset))
      }
      if got < 0 && errno == EINTR { continue }
      guard got > 0 else { throw .system("cannot read", at: part.path) }
      bytes.removeLast(bytes.count - got)
      try file.write(bytes)
      offset += got
    }
  }

  private func flush() throws(InputError) {
    try Files.writeAll(Data(buffer), to: part.file.descriptor, path: path)
    length += buffer.count
    buffer.removeAll(keepingCapacity: true)
  }
}
