import CZlib
import Foundation
import Support

/// Files compressed by gzip.
enum Gzip {
  /// No file that is read here is larger; what a small one can unpack to has no bound of its own.
  private static let limit = 64 << 20

  /// The unpacked content of a file.
  ///
  /// - Throws: `InputError` for a file that is missing, not gzip, damaged, cut short or too large.
  static func read(_ path: String) throws(InputError) -> Data {
    let packed = try Files.read(path)
    func bad(_ what: String) -> InputError {
      InputError(.badData, what, at: path, expected: "a gzip file", got: "\(packed.count) bytes")
    }
    var stream = z_stream()
    // 16 asks for gzip's header and checksum.
    let ready = inflateInit2_(
      &stream, 16 + MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(ready == Z_OK, "out of memory")
    defer { inflateEnd(&stream) }
    var (content, status) = (Data(), Z_OK)
    packed.withUnsafeBytes { packed in
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1 << 16) { block in
        // zlib does not write to its input.
        stream.next_in = UnsafeMutablePointer(
          mutating: packed.bindMemory(to: UInt8.self).baseAddress)
        stream.avail_in = uInt(clamping: packed.count)
        while status == Z_OK && content.count <= limit {
          stream.next_out = block.baseAddress
          stream.avail_out = uInt(block.count)
          status = inflate(&stream, Z_NO_FLUSH)
          content.append(contentsOf: block.prefix(block.count - Int(stream.avail_out)))
        }
      }
    }
    guard content.count <= limit else { throw bad("unpacks to more than \(limit >> 20) MB") }
    switch status {
    case Z_STREAM_END: return content
    case Z_BUF_ERROR: throw bad("the file is cut short")
    default: throw bad("the file is damaged or not gzip")
    }
  }
}
