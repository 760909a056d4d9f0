#if canImport(Glibc)
  import Glibc
#endif

extension Files {
  /// Reads what stands at a place of an open file; several threads may do so at once.
  ///
  /// - Parameter failure: what an error says could not be done.
  /// - Returns: how many bytes there were: fewer than `bytes` takes where the file ends before.
  /// - Throws: `InputError` that names `path`.
  package static func read(
    _ descriptor: Int32, at offset: Int, into bytes: UnsafeMutableRawBufferPointer, path: String,
    or failure: String = "cannot read"
  ) throws(InputError) -> Int {
    var filled = 0
    while filled < bytes.count {
      let got = pread(
        descriptor, bytes.baseAddress! + filled, bytes.count - filled, off_t(offset + filled))
      if got < 0 && errno == EINTR { continue }
      guard got >= 0 else { throw .system(failure, at: path) }
      if got == 0 { break }
      filled += got
    }
    return filled
  }

  /// The same as an array, which is shorter than `count` where the file ends before.
  package static func bytes(
    _ descriptor: Int32, at offset: Int, count: Int, path: String,
    or failure: String = "cannot read"
  ) throws(InputError) -> [UInt8] {
    var failed: InputError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      do throws(InputError) {
        filled = try read(
          descriptor, at: offset, into: .init(start: buffer.baseAddress, count: count), path: path,
          or: failure)
      } catch {
        failed = error
      }
    }
    if let failed { throw failed }
    return bytes
  }
}
