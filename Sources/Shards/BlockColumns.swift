package import Support

/// The columns of a block as they stand in the file, in the memory of a decoder.
package struct BlockColumns {
  let path: String
  /// Number of the block.
  package let index: Int
  let block: ShardBlocks.Block
  let columns: [ShardColumn]
  /// The frames of the first columns, or of all.
  let bytes: UnsafeRawBufferPointer
  let decoder: BlockDecoder

  /// Items of the block.
  package var items: Int { block.items }
  /// Rows of all its items.
  package var rows: Int { block.rows }

  /// The content of a column, decoded into memory of its own, once its checksum was found to be the one of
  /// the footer.
  ///
  /// - Parameter type: as wide as an element, where byte planes stand apart; else of a width that divides
  ///   the column's.
  /// - Throws: `InputError` (`badData`) that names the file, the column and the block.
  package func values<Value: BitwiseCopyable>(
    _ column: Int, as type: Value.Type
  ) throws(InputError) -> [Value] {
    let planes = columns[column].planes
    let first = columns.firstFrame(of: column)
    let size = block.frames[first].content
    if planes == 1 {
      return try decode(first, of: columns[column].frameName(0)) { (frame) throws(Zstd.Failure) in
        try decoder.values(frame, size: size, as: type)
      }
    }
    precondition(planes == MemoryLayout<Value>.stride, "byte planes of elements of another width")
    let joint = decoder.planes.prefix(planes * size)
    for plane in 0..<planes {
      let part = UnsafeMutableRawBufferPointer(rebasing: joint[plane * size..<(plane + 1) * size])
      try decode(first + plane, of: columns[column].frameName(plane)) {
        (frame) throws(Zstd.Failure) in try decoder.zstd.decode(frame, into: part)
      }
    }
    return BytePlanes.joined(UnsafeRawBufferPointer(joint), as: type)
  }

  /// What `body` makes of a frame, whose checksum must be the one of the footer.
  private func decode<Result>(
    _ number: Int, of name: @autoclosure () -> String,
    _ body: (UnsafeRawBufferPointer) throws(Zstd.Failure) -> Result
  ) throws(InputError) -> Result {
    let known = block.frames[number]
    let start = known.offset - block.frames[0].offset
    let frame = UnsafeRawBufferPointer(rebasing: bytes[start..<start + known.size])
    let checksum = frame.loadUnaligned(fromByteOffset: known.size - 4, as: UInt32.self)
    guard checksum == known.checksum else { throw changed(name()) }
    do throws(Zstd.Failure) {
      return try body(frame)
    } catch {
      throw changed(name(), got: error.reason)
    }
  }

  private func changed(_ name: String, got: String? = nil) -> InputError {
    ShardFormat.damaged("the \(name) of block \(index) have changed", at: path, got: got)
  }
}
