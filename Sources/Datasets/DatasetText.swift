import Support

#if canImport(Glibc)
  import Glibc
#endif

/// The bytes of an annotation file, of which parts are read again when they are wanted.
///
/// The file is kept open: one that is replaced while it is in use is still read as it was. Of a pipe,
/// and of a file that gzip packed, a copy is kept that nobody else sees.
final class DatasetText: Sendable {
  let path: String
  private let bytes: [UInt8]
  private let file: OpenFile?

  /// A text that is in memory.
  init(_ bytes: [UInt8], path: String) {
    self.bytes = bytes
    self.path = path
    file = nil
  }

  /// What an open file holds, whatever that is.
  init(_ file: OpenFile, path: String) {
    (self.file, self.path) = (file, path)
    bytes = []
  }

  /// - Throws: `InputError` for a file that cannot be read, or is no text in UTF-8 by its first bytes.
  init(path: String) throws(InputError) {
    self.path = path
    bytes = []
    let stream = try ByteStream(path: path)
    file = stream.isPlainFile ? stream.file : try stream.copied()
    try TextForm.check(self[0..<4], at: path)
  }

  /// A part; shorter where the text ends before.
  subscript(range: Range<Int>) -> [UInt8] {
    get throws(InputError) {
      guard let file else { return Array(bytes[range.clamped(to: 0..<bytes.count)]) }
      return try Files.bytes(
        file.descriptor, at: range.lowerBound, count: range.count, path: path)
    }
  }
}
