import Support

#if canImport(Glibc)
  import Glibc
#endif

/// Reads a text file line by line in constant memory.
final class LineReader {
  private let path: String
  private let file: OpenFile
  private var buffer: [UInt8] = []
  private var consumed = 0
  private var reachedEnd = false
  /// The number of the line read last, from 1.
  private(set) var lineNumber = 0

  /// No honest line is longer; a file without line ends must not fill the memory.
  private static let longestLine = 64 << 20

  init(path: String) throws(InputError) {
    self.path = path
    file = try OpenFile(path, O_RDONLY)
  }

  /// The next line without its end; nil after the last.
  ///
  /// - Throws: `InputError` when the last line has no end: the file was cut.
  func next() throws(InputError) -> [UInt8]? {
    var searched = consumed
    while true {
      if let end = buffer[searched...].firstIndex(of: 0x0A) {
        defer { consumed = end + 1 }
        lineNumber += 1
        return Array(buffer[consumed..<end])
      }
      searched = buffer.count
      if reachedEnd {
        if consumed == buffer.count { return nil }
        throw InputError(
          .badData, "the file is cut off", at: "\(path) line \(lineNumber + 1)",
          expected: "a line end")
      }
      guard buffer.count - consumed <= Self.longestLine else {
        throw InputError(
          .badData, "the line is too long", at: "\(path) line \(lineNumber + 1)",
          expected: "at most \(Self.longestLine >> 20) MiB")
      }
      try fill(&searched)
    }
  }

  private func fill(_ searched: inout Int) throws(InputError) {
    buffer.removeSubrange(..<consumed)
    searched -= consumed
    consumed = 0
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    let count = read(file.descriptor, &chunk, chunk.count)
    if count < 0 && errno == EINTR { return }
    guard count >= 0 else { throw .system("cannot read", at: path) }
    reachedEnd = count == 0
    buffer += chunk.prefix(count)
  }
}
