import Foundation
import Support

/// Reads little-endian numbers and text from a range of a file, never past its end.
struct ByteReader {
  let bytes: Data
  let path: String
  private(set) var position: Int
  let end: Int

  /// - Parameter range: within the bytes.
  init(_ bytes: Data, _ range: Range<Int>, path: String) {
    self.bytes = bytes
    self.path = path
    position = range.lowerBound
    end = range.upperBound
  }

  /// How many bytes are left.
  var left: Int { end - position }

  /// Where the next `count` bytes stand.
  ///
  /// - Throws: `InputError` when there are fewer.
  mutating func take(_ count: Int) throws(InputError) -> Range<Int> {
    guard 0...left ~= count else {
      throw InputError(
        .badData, "the file ends too early", at: path,
        expected: "\(count.counted("byte")) at offset \(position)", got: "\(left)",
        hint: "is it cut short?")
    }
    defer { position += count }
    return position..<position + count
  }

  mutating func integer<Value: FixedWidthInteger>(
    _: Value.Type = Value.self
  ) throws(InputError) -> Value {
    let range = try take(MemoryLayout<Value>.size)
    return bytes.withUnsafeBytes {
      Value(littleEndian: $0.loadUnaligned(fromByteOffset: range.lowerBound, as: Value.self))
    }
  }

  mutating func data(_ count: Int) throws(InputError) -> Data { bytes.subdata(in: try take(count)) }

  /// UTF-8.
  mutating func text(_ count: Int) throws(InputError) -> String {
    try Self.text(data(count), path: path)
  }

  /// UTF-8 up to a line's end, which is passed over.
  mutating func line() throws(InputError) -> String {
    guard let newline = bytes[position..<end].firstIndex(of: UInt8(ascii: "\n")) else {
      _ = try take(left + 1)
      return ""
    }
    defer { position += 1 }
    return try text(newline - position)
  }

  private static func text(_ data: Data, path: String) throws(InputError) -> String {
    guard let text = String(data: data, encoding: .utf8) else {
      throw InputError(.badData, "a text is not UTF-8", at: path)
    }
    return text
  }
}
