import CZlib

/// Bytes that answer nil past their end, for parsing what cannot be trusted.
struct ByteReader {
  private let bytes: UnsafeRawBufferPointer

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var count: Int { bytes.count }

  func byte(_ at: Int) -> UInt8? { at >= 0 && at < bytes.count ? bytes[at] : nil }

  func bigEndian16(_ at: Int) -> Int? {
    guard let high = byte(at), let low = byte(at + 1) else { return nil }
    return Int(high) << 8 | Int(low)
  }

  func bigEndian32(_ at: Int) -> Int? {
    guard let high = bigEndian16(at), let low = bigEndian16(at + 2) else { return nil }
    return high << 16 | low
  }

  func littleEndian16(_ at: Int) -> Int? {
    guard let low = byte(at), let high = byte(at + 1) else { return nil }
    return Int(high) << 8 | Int(low)
  }

  func littleEndian32(_ at: Int) -> Int? {
    guard let low = littleEndian16(at), let high = littleEndian16(at + 2) else { return nil }
    return high << 16 | low
  }

  /// The bytes from `at` on, at most `count` of them; none past the end.
  func slice(_ at: Int, count: Int = .max) -> ByteReader {
    let start = min(max(at, 0), bytes.count)
    let end = start + min(max(count, 0), bytes.count - start)
    return ByteReader(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
  }

  func starts(with prefix: [UInt8]) -> Bool { bytes.starts(with: prefix) }

  /// PNG's checksum of all of them.
  var crc32: Int { Int(CZlib.crc32(0, bytes.bindMemory(to: UInt8.self).baseAddress, uInt(count))) }
}
