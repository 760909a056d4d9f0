internal import Glibc
internal import Support

/// Reading at positions of a shard's file.
enum ShardFile {
  static func read(
    _ descriptor: Int32, at offset: Int, count: Int, path: String
  ) throws(InputError) -> [UInt8] {
    var failure: InputError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      do throws(InputError) {
        try read(
          descriptor, at: offset,
          into: .init(start: buffer.baseAddress, count: count), path: path)
        filled = count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  static func read(
    _ descriptor: Int32, at offset: Int, into bytes: UnsafeMutableRawBufferPointer, path: String
  ) throws(InputError) {
    var filled = 0
    while filled < bytes.count {
      let got = pread(
        descriptor, bytes.baseAddress! + filled, bytes.count - filled, off_t(offset + filled))
      if got < 0 && errno == EINTR { continue }
      guard got >= 0 else { throw .system("cannot read the shard", at: path) }
      if got == 0 { throw ShardFormat.damaged("it ends early", at: path) }
      filled += got
    }
  }
}
