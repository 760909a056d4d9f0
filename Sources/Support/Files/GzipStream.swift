import CZlib

/// Unpacks gzip piece by piece, members one after another, and checks their checksums.
final class GzipStream {
  /// At one place in memory, which zlib remembers.
  private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
  private let path: String
  private var packed: [UInt8] = []
  private var used = 0
  private var isBetweenMembers = false
  private var isFinished = false

  /// The first bytes of a gzip file.
  static let signature: [UInt8] = [0x1F, 0x8B]

  /// - Parameter path: the file to name in errors.
  init(path: String) {
    self.path = path
    stream.initialize(to: z_stream())
    // 16 asks for gzip's header and checksum.
    let ready = inflateInit2_(
      stream, 16 + MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    if ready != Z_OK { ProcessEnd.outOfMemory(for: "unpacking") }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// The next unpacked bytes: at most `count`, above zero; none at the end.
  ///
  /// - Parameter more: the next packed bytes, none at the file's end.
  /// - Throws: `InputError` (`badData`) for a file that is damaged or cut short.
  func read(
    _ count: Int, from more: () throws(InputError) -> [UInt8]
  ) throws(InputError) -> [UInt8] {
    var output = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count, !isFinished {
      if used == packed.count {
        (packed, used) = (try more(), 0)
        if packed.isEmpty {
          guard isBetweenMembers else {
            throw InputError(.badData, "the gzip file is cut short", at: path)
          }
          isFinished = true
        }
      } else if isBetweenMembers, packed[used] != Self.signature[0] {
        // What pads the last member is passed over, as gzip does.
        isFinished = true
      } else {
        if isBetweenMembers { inflateReset(stream) }
        isBetweenMembers = false
        filled += try inflate(into: &output, from: filled)
      }
    }
    return Array(output.prefix(filled))
  }

  private func inflate(into output: inout [UInt8], from start: Int) throws(InputError) -> Int {
    let (status, left) = packed.withUnsafeMutableBufferPointer { packed in
      output.withUnsafeMutableBufferPointer { output in
        stream.pointee.next_in = packed.baseAddress! + used
        stream.pointee.avail_in = uInt(packed.count - used)
        stream.pointee.next_out = output.baseAddress! + start
        stream.pointee.avail_out = uInt(output.count - start)
        let status = CZlib.inflate(stream, Z_NO_FLUSH)
        return (status, Int(stream.pointee.avail_out))
      }
    }
    used = packed.count - Int(stream.pointee.avail_in)
    guard status == Z_OK || status == Z_STREAM_END else {
      throw InputError(.badData, "the gzip file is damaged", at: path)
    }
    isBetweenMembers = status == Z_STREAM_END
    return output.count - start - left
  }
}
