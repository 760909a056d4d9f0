internal import Glibc
package import Support

/// Writes one shard to a file that must not exist yet; memory stays at one block.
///
/// The file is complete once `finish` returns; dropped before that, it is removed.
package final class ShardWriter<Content: ShardContent> {
  private let path: String
  private let file: OpenFile
  private let content: Content
  private let columns: [ShardColumn]
  private let header: [UInt8]
  private let blockBytes: Int
  private let compressor = Zstd.Compressor()
  private let hash = SHA256()
  private var offset = 0
  private var blocks = ShardBlocks()
  private var finished = false
  /// Of the next block.
  private var items: [Content.Item] = []
  private var weight = 0

  /// Creates the file and writes the header.
  ///
  /// - Parameters:
  ///   - recipe: canonical JSON of all that the content depends on.
  ///   - shard: its number.
  ///   - blockBytes: a block is closed before the weights of its items would outgrow this.
  /// - Throws: `InputError` (`tryAgain` on a full disk, `cannotCreate`, `inputOutput`).
  package init(
    path: String, content: Content, recipe: String, shard: Int, blockBytes: Int = 1 << 18
  ) throws(InputError) {
    // First of all: a file that somebody else made must survive this writer.
    file = try OpenFile(path, O_WRONLY | O_CREAT | O_EXCL, or: "cannot create the shard")
    self.path = path
    self.content = content
    columns = content.columns
    self.blockBytes = blockBytes
    header = ShardHeader(fields: content.fields, recipe: recipe, shard: shard).frame
    try write(header)
  }

  deinit {
    if !finished { unlink(path) }
  }

  /// Adds one item; its block is written once the next item would not fit.
  package func append(_ item: Content.Item) throws(InputError) {
    precondition(!finished)
    let more = content.weight(of: item)
    if !items.isEmpty && weight + more > blockBytes { try writeBlock() }
    items.append(item)
    weight += more
  }

  /// Writes the footer and the seek table and makes the file durable.
  ///
  /// - Returns: SHA-256 of the whole file.
  package func finish() throws(InputError) -> String {
    if !items.isEmpty { try writeBlock() }
    let footer = ShardFooter(
      blocks: blocks, headerSHA256: Fingerprint.data(header),
      items: blocks.reduce(0) { $0 + $1.items }, rows: blocks.reduce(0) { $0 + $1.rows },
      sha256: hash.hex, version: ShardFormat.version)
    let last = try writeFrame(footer.text[...])
    try write(
      ShardFormat.seekTable(headerSize: header.count, frames: blocks.flatMap(\.frames) + [last]))
    guard fsync(file.descriptor) == 0 else { throw .system("cannot write the shard", at: path) }
    finished = true
    return hash.hex
  }

  private func writeBlock() throws(InputError) {
    let (rows, contents) = content.block(of: items)
    precondition(contents.count == columns.count, "the bytes of each column")
    var frames: [ShardFormat.Frame] = []
    for (column, bytes) in zip(columns, contents) {
      precondition(column.rowBytes.map { $0 * rows == bytes.count } ?? true, column.name)
      let planes = column.planes == 1 ? bytes : BytePlanes.split(bytes, into: column.planes)
      let size = bytes.count / column.planes
      for plane in 0..<column.planes {
        frames.append(try writeFrame(planes[plane * size..<(plane + 1) * size]))
      }
    }
    let isWhole = blocks.append(.init(items: items.count, rows: rows, frames: frames))
    precondition(isWhole, "a block of more than 4 GiB")
    items.removeAll()
    weight = 0
  }

  private func writeFrame(_ content: ArraySlice<UInt8>) throws(InputError) -> ShardFormat.Frame {
    let frame = compressor.frame(content)
    let start = offset
    try write(frame)
    return .init(
      offset: start, size: frame.count, content: content.count,
      checksum: Bytes.load(frame, at: frame.count - 4, as: UInt32.self))
  }

  private func write(_ bytes: [UInt8]) throws(InputError) {
    try Files.writeAll(bytes.span.bytes, to: file.descriptor, path: path)
    bytes.withUnsafeBytes(hash.update)
    offset += bytes.count
  }
}
