import Support

/// Reads a text line by line in constant memory.
final class LineReader {
  private let text: DatasetText
  private var buffer: [UInt8] = []
  private var consumed = 0
  /// Bytes of the text before the buffer's end.
  private var offset = 0
  private var reachedEnd = false
  /// The number of the line read last, from 1.
  private(set) var lineNumber = 0
  /// The bytes of that line, without its end.
  private(set) var lineRange = 0..<0

  /// No honest line is longer; a file without line ends must not fill the memory.
  private static let longestLine = 64 << 20

  init(_ text: DatasetText) { self.text = text }

  /// The next line without its end; nil after the last.
  ///
  /// - Throws: `InputError` when the last line has no end: the file was cut.
  func next() throws(InputError) -> [UInt8]? {
    var searched = consumed
    while true {
      if let end = buffer[searched...].firstIndex(of: 0x0A) {
        defer { consumed = end + 1 }
        lineNumber += 1
        let start = offset - buffer.count
        lineRange = (start + consumed)..<(start + end)
        return Array(buffer[consumed..<end])
      }
      searched = buffer.count
      if reachedEnd {
        if consumed == buffer.count { return nil }
        throw InputError(
          .badData, "the file is cut off", at: "\(text.path) line \(lineNumber + 1)",
          expected: "a line end")
      }
      guard buffer.count - consumed <= Self.longestLine else {
        throw InputError(
          .badData, "the line is too long", at: "\(text.path) line \(lineNumber + 1)",
          expected: "at most \(Self.longestLine >> 20) MiB")
      }
      try fill(&searched)
    }
  }

  private func fill(_ searched: inout Int) throws(InputError) {
    buffer.removeSubrange(..<consumed)
    searched -= consumed
    consumed = 0
    let chunk = try text[offset..<(offset + (1 << 18))]
    reachedEnd = chunk.isEmpty
    offset += chunk.count
    buffer += chunk
  }
}
