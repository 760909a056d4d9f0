internal import Glibc
internal import Regions
package import Support

/// Writes one shard to a file that must not exist yet; memory stays at one block.
///
/// The file is complete once `finish` returns; dropped before that, it is removed.
package final class ShardWriter {
  private let path: String
  private let file: OpenFile
  private let dimension: Int
  private let header: [UInt8]
  private let blockBytes: Int
  private let compressor = Zstd.Compressor()
  private let hash = SHA256()
  private var offset = 0
  private var blocks: [ShardFormat.Block] = []
  private var finished = false

  private var rows: [ImageRow] = []
  private var boxes: [Float] = []
  private var scores: [Float] = []
  private var vectors: [Float] = []

  /// Creates the file and writes the header.
  ///
  /// - Parameter blockBytes: a block is closed before its vectors would outgrow this.
  /// - Throws: `InputError` (`tryAgain` on a full disk, `cannotCreate`, `inputOutput`).
  package init(
    path: String, recipe: Recipe, shard: Int, blockBytes: Int = 1 << 18
  ) throws(InputError) {
    // First of all: a file that somebody else made must survive this writer.
    file = try OpenFile(path, O_WRONLY | O_CREAT | O_EXCL, or: "cannot create the shard")
    self.path = path
    self.blockBytes = blockBytes
    dimension = recipe.teacher.dimension
    header = ShardFormat.Header(recipe: recipe, shard: shard).frame
    try write(header)
  }

  deinit {
    if !finished { unlink(path) }
  }

  /// Adds one image; its block is written once the next image would not fit.
  package func append(_ record: CacheRecord) throws(InputError) {
    let regions = record.regions
    precondition(!finished && regions.vectors.count == regions.count * dimension)
    if !rows.isEmpty && (vectors.count + regions.vectors.count) * 2 > blockBytes {
      try writeBlock()
    }
    rows.append(
      ImageRow(
        imageID: record.imageID, firstRow: scores.count, rows: regions.count,
        status: record.status, width: record.width, height: record.height, error: record.error,
        content: record.content))
    regions.regions.append(toEdges: &boxes, scores: &scores)
    vectors += regions.vectors
  }

  /// Writes the footer and the seek table and makes the file durable.
  ///
  /// - Returns: SHA-256 of the whole file.
  package func finish() throws(InputError) -> String {
    if !rows.isEmpty { try writeBlock() }
    let footer = ShardFormat.Footer(
      blocks: blocks, headerSHA256: Fingerprint.data(header),
      images: blocks.reduce(0) { $0 + $1.images },
      regions: blocks.reduce(0) { $0 + $1.regions }, sha256: hash.hex,
      version: ShardFormat.version)
    let last = try writeFrame(Array(Fingerprint.canonicalJSON(footer))[...])
    try write(
      ShardFormat.seekTable(headerSize: header.count, frames: blocks.flatMap(\.frames) + [last]))
    guard fsync(file.descriptor) == 0 else { throw .system("cannot write the shard", at: path) }
    finished = true
    return hash.hex
  }

  private func writeBlock() throws(InputError) {
    let planes = Half.planes(Half.bits(vectors))
    let (high, low) = (planes[..<(planes.count / 2)], planes[(planes.count / 2)...])
    var frames: [ShardFormat.Frame] = []
    let columns = [ImageTable.bytes(rows), Bytes.of(boxes), Bytes.of(scores)]
    for content in columns.map({ $0[...] }) + [high, low] {
      frames.append(try writeFrame(content))
    }
    blocks.append(.init(images: rows.count, regions: scores.count, frames: frames)!)
    rows.removeAll()
    boxes.removeAll(keepingCapacity: true)
    scores.removeAll(keepingCapacity: true)
    vectors.removeAll(keepingCapacity: true)
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
