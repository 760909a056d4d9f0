internal import Synchronization

/// What decoding takes over and over: a zstd context and memory that is not handed out. For one
/// thread at a time, which whoever passes it on sees to.
package final class BlockDecoder: @unchecked Sendable {
  let zstd = Zstd.Decompressor()
  /// A block as it stands in the file.
  let frames = Scratch()
  /// The byte planes of a column.
  let planes = Scratch()

  package init() {}

  /// Memory that grows as needed and is used again.
  final class Scratch {
    private var bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 0, alignment: 64)

    deinit { bytes.deallocate() }

    /// The first `count` bytes; their content is whatever was there.
    func prefix(_ count: Int) -> UnsafeMutableRawBufferPointer {
      if count > bytes.count {
        bytes.deallocate()
        bytes = .allocate(byteCount: count, alignment: 64)
      }
      return UnsafeMutableRawBufferPointer(rebasing: bytes[..<count])
    }
  }

  /// The values that `frame` holds; `size` bytes of them.
  func values<Value: BitwiseCopyable>(
    _ frame: UnsafeRawBufferPointer, size: Int, as type: Value.Type
  ) throws(Zstd.Failure) -> [Value] {
    precondition(size % MemoryLayout<Value>.stride == 0)
    var failure: Zstd.Failure?
    let count = size / MemoryLayout<Value>.stride
    let values = [Value](unsafeUninitializedCapacity: max(count, 1)) { values, filled in
      do throws(Zstd.Failure) {
        try zstd.decode(frame, into: .init(start: values.baseAddress, count: size))
        filled = count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return values
  }
}

/// Decoders that wait for the next thread that needs one; as many as ever decoded at a time.
package final class BlockDecoders: Sendable {
  private let waiting = Mutex<[BlockDecoder]>([])

  package init() {}

  package func borrow<Result, Failure: Error>(
    _ body: (BlockDecoder) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let decoder = waiting.withLock { $0.popLast() } ?? BlockDecoder()
    defer { waiting.withLock { $0.append(decoder) } }
    return try body(decoder)
  }
}
