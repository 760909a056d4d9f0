import Foundation
import Support

#if canImport(Glibc)
  import Glibc
#endif

/// The whole lines of an open file, in constant memory; what a kill left after the last of them
/// is told apart.
struct LineScanner {
  private let descriptor: Int32
  private let path: String
  private var buffer = Data()
  /// How many lines `next` has given.
  private(set) var lineNumber = 0
  /// Bytes up to the end of the last line given.
  private(set) var offset = 0

  /// No honest line is longer; a file without line ends must not fill the memory.
  private static let longestLine = 64 << 20

  /// - Parameter descriptor: open for reading, at the file's start.
  init(_ descriptor: Int32, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  /// The bytes after the last whole line, once `next` has given nil.
  var remainder: Data { buffer }

  /// The next line without its end; nil when no whole line is left.
  mutating func next() throws(InputError) -> Data? {
    var searched = 0
    while true {
      if let end = lineEnd(from: searched) {
        let line = buffer[buffer.startIndex..<end]
        buffer = buffer[(end + 1)...]
        lineNumber += 1
        offset += line.count + 1
        return line
      }
      searched = buffer.count
      guard searched <= Self.longestLine else {
        throw InputError(
          .badData, "the line is too long", at: "\(path) line \(lineNumber + 1)",
          expected: "at most \(Self.longestLine >> 20) MiB")
      }
      if try !fill() { return nil }
    }
  }

  /// Where the first line end is that has at least so many bytes before it.
  private func lineEnd(from searched: Int) -> Int? {
    buffer.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress,
        let end = memchr(start + searched, 0x0A, bytes.count - searched)
      else { return nil }
      return buffer.startIndex + (UnsafeRawPointer(end) - start)
    }
  }

  /// Adds bytes of the file to the buffer; false at its end.
  private mutating func fill() throws(InputError) -> Bool {
    var chunk = Data(count: 1 << 18)
    while true {
      let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .system("cannot read", at: path) }
      // A new value: a slice would keep all that was read before.
      buffer = Data(buffer) + chunk.prefix(count)
      return count > 0
    }
  }
}
