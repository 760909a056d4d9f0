internal import Support

/// Reading at positions of a shard's file.
enum ShardFile {
  private static let failure = "cannot read the shard"

  static func read(
    _ descriptor: Int32, at offset: Int, count: Int, path: String
  ) throws(InputError) -> [UInt8] {
    let bytes = try Files.bytes(descriptor, at: offset, count: count, path: path, or: failure)
    if bytes.count < count { throw ShardFormat.damaged("it ends early", at: path) }
    return bytes
  }

  static func read(
    _ descriptor: Int32, at offset: Int, into bytes: UnsafeMutableRawBufferPointer, path: String
  ) throws(InputError) {
    let count = try Files.read(descriptor, at: offset, into: bytes, path: path, or: failure)
    if count < bytes.count { throw ShardFormat.damaged("it ends early", at: path) }
  }
}
