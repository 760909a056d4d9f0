internal import Foundation
internal import Glibc
package import Support

/// An open shard. Opening checks everything but the blocks; reading a block checks its frames.
///
/// Reads at positions, so that threads may share it.
package final class ShardReader: Sendable {
  package let path: String
  let index: ShardIndex
  private let file: OpenFile
  var header: ShardFormat.Header { index.header }
  var footer: ShardFormat.Footer { index.footer }
  var footerFrame: ShardFormat.Frame { index.footerFrame }
  /// Bytes of the file.
  var size: Int { index.size }

  /// Opens a shard of the cache `folder`.
  ///
  /// - Throws: `InputError` (`badData` that names the file for a damaged, truncated or foreign
  ///   shard, with both hashes for one of another recipe; `missingInput`; `inputOutput`).
  package convenience init(path: String, in folder: CacheFolder) throws(InputError) {
    try self.init(path: path, in: folder, known: nil)
  }

  /// The same with the index of an earlier opening, used where the file still is what it was.
  convenience init(
    path: String, in folder: CacheFolder, known: ShardIndex?
  ) throws(InputError) {
    try self.init(path: path, known: known)
    guard header.recipeHash == folder.recipeHash else {
      let found = try? JSONDecoder().decode(JSONValue.self, from: Data(header.recipe.utf8))
      throw Recipe.refusal(of: found ?? .null, wanted: folder.recipe, at: path)
    }
  }

  /// Opens a shard of any recipe.
  package convenience init(path: String) throws(InputError) {
    try self.init(path: path, known: nil)
  }

  private init(path: String, known: ShardIndex?) throws(InputError) {
    self.path = path
    file = try OpenFile(path, O_RDONLY, or: "cannot read the shard")
    if let known, try known.isOf(file.descriptor, path: path) {
      index = known
    } else {
      index = try ShardIndex(file.descriptor, path: path)
    }
  }

  /// The regions of one block, decoded and checked.
  func block(
    _ index: Int, using decoder: BlockDecoder = BlockDecoder()
  ) throws(InputError) -> ShardBlock {
    let block = footer.blocks[index]
    let bytes = try frames(of: index, upTo: .vectorsLow, using: decoder)
    let table = try values(.images, of: index, in: bytes, using: decoder, as: UInt8.self)
    let planes = decoder.planes.prefix(2 * block.regions * header.dimension)
    let high = UnsafeMutableRawBufferPointer(rebasing: planes[..<(planes.count / 2)])
    let low = UnsafeMutableRawBufferPointer(rebasing: planes[(planes.count / 2)...])
    for (column, plane) in [(ShardFormat.Column.vectorsHigh, high), (.vectorsLow, low)] {
      try decode(column, of: index, in: bytes) { (frame) throws(Zstd.Failure) in
        try decoder.zstd.decode(frame, into: plane)
      }
    }
    return ShardBlock(
      dimension: header.dimension, rows: try imageRows(index, in: table),
      boxes: try values(.boxes, of: index, in: bytes, using: decoder, as: Float.self),
      scores: try values(.scores, of: index, in: bytes, using: decoder, as: Float.self),
      vectors: Half.joined(
        high: UnsafeRawBufferPointer(high), low: UnsafeRawBufferPointer(low)))
  }

  /// The image table of one block, decoded and checked.
  func imageRows(
    _ index: Int, using decoder: BlockDecoder = BlockDecoder()
  ) throws(InputError) -> [ImageRow] {
    let bytes = try frames(of: index, upTo: .images, using: decoder)
    return try imageRows(
      index, in: values(.images, of: index, in: bytes, using: decoder, as: UInt8.self))
  }

  /// The image table of one block with the `RegionsHash` of each image that did not fail.
  func imageRegions(
    _ index: Int, using decoder: BlockDecoder = BlockDecoder()
  ) throws(InputError) -> [(row: ImageRow, regions: String?)] {
    let bytes = try frames(of: index, upTo: .scores, using: decoder)
    let boxes = try values(.boxes, of: index, in: bytes, using: decoder, as: Float.self)
    let scores = try values(.scores, of: index, in: bytes, using: decoder, as: Float.self)
    return try imageRows(
      index, in: values(.images, of: index, in: bytes, using: decoder, as: UInt8.self)
    ).map { row in
      let (from, to) = (row.firstRow, row.firstRow + row.rows)
      let hash = RegionsHash.of(boxes[4 * from..<4 * to], scores[from..<to])
      return (row, row.status.isFailure ? nil : hash)
    }
  }

  private func imageRows(_ index: Int, in table: [UInt8]) throws(InputError) -> [ImageRow] {
    let block = footer.blocks[index]
    guard let rows = ImageTable.rows(table, images: block.images, regions: block.regions) else {
      throw damaged("the image table of block \(index) contradicts itself")
    }
    return rows
  }

  /// SHA-256 of the whole file, having compared that of its beginning with the footer's.
  ///
  /// - Throws: `InputError` (`badData`) where the content is not what was written.
  package func verifiedHash() throws(InputError) -> String {
    let hash = SHA256()
    for (from, to) in [(0, footerFrame.offset), (footerFrame.offset, size)] {
      var at = from
      while at < to {
        let chunk = try Self.read(
          file.descriptor, at: at, count: min(1 << 20, to - at), path: path)
        hash.update(chunk)
        at += chunk.count
      }
      if to < size, hash.hex != footer.sha256 {
        throw damaged("the bytes before the footer have changed", expected: footer.sha256)
      }
    }
    return hash.hex
  }

  /// The bytes of a block's first frames, up to that of `last`; they lie end to end.
  private func frames(
    of index: Int, upTo last: ShardFormat.Column, using decoder: BlockDecoder
  ) throws(InputError) -> UnsafeRawBufferPointer {
    let frames = footer.blocks[index].frames
    let start = frames[0].offset
    let bytes = decoder.frames.prefix(
      frames[last.rawValue].offset + frames[last.rawValue].size - start)
    try Self.read(file.descriptor, at: start, into: bytes, path: path)
    return UnsafeRawBufferPointer(bytes)
  }

  private func values<Value: BitwiseCopyable>(
    _ column: ShardFormat.Column, of index: Int, in bytes: UnsafeRawBufferPointer,
    using decoder: BlockDecoder, as type: Value.Type
  ) throws(InputError) -> [Value] {
    let size = footer.blocks[index].frames[column.rawValue].content
    return try decode(column, of: index, in: bytes) { (frame) throws(Zstd.Failure) in
      try decoder.values(frame, size: size, as: type)
    }
  }

  /// What `body` makes of the frame of a column, whose checksum must be the one of the footer.
  private func decode<Result>(
    _ column: ShardFormat.Column, of index: Int, in bytes: UnsafeRawBufferPointer,
    _ body: (UnsafeRawBufferPointer) throws(Zstd.Failure) -> Result
  ) throws(InputError) -> Result {
    let frames = footer.blocks[index].frames
    let (start, size) = (
      frames[column.rawValue].offset - frames[0].offset, frames[column.rawValue].size
    )
    let frame = UnsafeRawBufferPointer(rebasing: bytes[start..<start + size])
    let checksum = frame.loadUnaligned(fromByteOffset: size - 4, as: UInt32.self)
    guard checksum == frames[column.rawValue].checksum else {
      throw damaged("the \(column.name) of block \(index) have changed")
    }
    do throws(Zstd.Failure) {
      return try body(frame)
    } catch {
      throw damaged("the \(column.name) of block \(index) have changed", got: error.reason)
    }
  }

  private func damaged(
    _ what: String, expected: String? = nil, got: String? = nil
  ) -> InputError {
    Self.damaged(what, at: path, expected: expected, got: got)
  }
}

extension ShardReader {
  /// - Throws: `InputError` (`badData`) where this is not shard `number`, whose name it has.
  func requireNumber(_ number: Int) throws(InputError) {
    if header.shard == number { return }
    throw InputError(
      .badData, "the shard is under another's name", at: path,
      expected: CacheFolder.shardName(header.shard), got: CacheFolder.shardName(number),
      hint: "'vild cache repair' gives each shard its own name")
  }

  static func damaged(
    _ what: String, at path: String, expected: String? = nil, got: String? = nil
  ) -> InputError {
    InputError(.badData, "damaged shard: \(what)", at: path, expected: expected, got: got)
  }

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
      if got == 0 { throw damaged("it ends early", at: path) }
      filled += got
    }
  }
}
