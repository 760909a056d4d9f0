internal import Foundation
internal import Glibc
package import Support

/// An open shard. Opening checks everything but the blocks; reading a block checks its frames.
///
/// Reads at positions, so that threads may share it.
package final class ShardReader<Content: ShardContent>: Sendable {
  package let path: String
  package let index: ShardIndex<Content>
  private let file: OpenFile
  package var header: ShardHeader { index.header }
  package var content: Content { index.content }
  package var footer: ShardFooter { index.footer }
  /// Bytes of the file.
  package var size: Int { index.size }

  /// Opens a shard of any recipe.
  ///
  /// - Parameter known: the index of an earlier opening, used where the file still is what it was.
  /// - Throws: `InputError` (`badData` that names the file for a damaged, truncated or foreign shard;
  ///   `missingInput`; `inputOutput`).
  package init(path: String, known: ShardIndex<Content>? = nil) throws(InputError) {
    self.path = path
    file = try OpenFile(path, O_RDONLY, or: "cannot read the shard")
    if let known, try known.isOf(file.descriptor, path: path) {
      index = known
    } else {
      index = try ShardIndex(file.descriptor, path: path)
    }
  }

  /// The columns of a block, to be decoded one by one.
  ///
  /// - Parameters:
  ///   - index: of the block.
  ///   - last: the last column that is wanted; nil for all.
  ///   - decoder: holds the block's bytes, and must not be used for another while the columns are.
  package func columns(
    of index: Int, upTo last: Int? = nil, using decoder: BlockDecoder
  ) throws(InputError) -> BlockColumns {
    let (block, columns) = (footer.blocks[index], self.index.columns)
    let start = block.frames[0].offset
    let end = block.frames[columns.firstFrame(of: (last ?? columns.count - 1) + 1) - 1]
    let bytes = decoder.frames.prefix(end.offset + end.size - start)
    try ShardFile.read(file.descriptor, at: start, into: bytes, path: path)
    return BlockColumns(
      path: path, index: index, block: block, columns: columns,
      bytes: UnsafeRawBufferPointer(bytes), decoder: decoder)
  }

  /// SHA-256 of the whole file, having compared that of its beginning with the footer's.
  ///
  /// - Throws: `InputError` (`badData`) where the content is not what was written.
  package func verifiedHash() throws(InputError) -> String {
    let hash = SHA256()
    for (from, to) in [(0, index.footerFrame.offset), (index.footerFrame.offset, size)] {
      var at = from
      while at < to {
        let chunk = try ShardFile.read(
          file.descriptor, at: at, count: min(1 << 20, to - at), path: path)
        hash.update(chunk)
        at += chunk.count
      }
      if to < size, hash.hex != footer.sha256 {
        throw ShardFormat.damaged(
          "the bytes before the footer have changed", at: path, expected: footer.sha256)
      }
    }
    return hash.hex
  }

  /// How many items each block holds.
  package var itemsPerBlock: [Int] { footer.blocks.map(\.items) }

  /// Where frames begin and end: the start, each frame's end with the footer's, the file's end.
  package var frameBoundaries: [Int] {
    let last = index.footerFrame
    let frames = footer.blocks.flatMap(\.frames) + [last]
    return [0] + frames.map(\.offset) + [last.offset + last.size, size]
  }
}
