internal import Regions
package import Shards
package import Support

/// How the records of a teacher cache stand in a shard; `schemas/shard-format.md` describes it.
///
/// Shape letters: R regions of a block, D embedding width.
package struct CacheColumns: ShardContent {
  /// D, at least 1.
  package let dimension: Int

  static let dtype = "float16"
  static let codec = "zstd frames of columns, byte planes apart"

  /// The columns in their order.
  enum Column: Int {
    /// `ImageTable`.
    case images
    /// R x 4 float32.
    case boxes
    /// R float32.
    case scores
    /// R x D float16.
    case vectors
  }

  package init(dimension: Int) { self.dimension = dimension }

  package init?(fields: [String: JSONValue]) {
    guard fields["dtype"] == .string(Self.dtype), fields["codec"] == .string(Self.codec),
      case .integer(let dimension)? = fields["dimension"],
      (1...Int64(ShardFormat.columnLimit)) ~= dimension
    else { return nil }
    self.dimension = Int(dimension)
  }

  package var fields: [String: JSONValue] {
    [
      "codec": .string(Self.codec), "dimension": .integer(Int64(dimension)),
      "dtype": .string(Self.dtype),
    ]
  }

  package var columns: [ShardColumn] {
    [
      ShardColumn(varying: "image table"), ShardColumn("boxes", rowBytes: 16),
      ShardColumn("scores", rowBytes: 4),
      ShardColumn("vectors", rowBytes: 2 * dimension, planes: 2),
    ]
  }

  /// A block is closed before its vectors would outgrow the limit.
  package func weight(of record: CacheRecord) -> Int {
    precondition(record.regions.vectors.count == record.regions.count * dimension)
    return record.regions.vectors.count * 2
  }

  package func block(of records: [CacheRecord]) -> (rows: Int, columns: [[UInt8]]) {
    var rows: [ImageRow] = []
    var (edges, scores, vectors): ([Float], [Float], [Float]) = ([], [], [])
    for record in records {
      rows.append(
        ImageRow(
          imageID: record.imageID, firstRow: scores.count, rows: record.regions.count,
          status: record.status, width: record.width, height: record.height, error: record.error,
          content: record.content))
      record.regions.regions.append(toEdges: &edges, scores: &scores)
      vectors += record.regions.vectors
    }
    return (
      scores.count,
      [ImageTable.bytes(rows), Bytes.of(edges), Bytes.of(scores), Bytes.of(Half.bits(vectors))]
    )
  }
}

/// Writes a shard of a teacher cache.
package typealias CacheShardWriter = ShardWriter<CacheColumns>

extension ShardWriter where Content == CacheColumns {
  /// - Parameter blockBytes: a block is closed before its vectors would outgrow this.
  /// - Throws: `InputError` (`tryAgain` on a full disk, `cannotCreate`, `inputOutput`).
  package convenience init(
    path: String, recipe: Recipe, shard: Int, blockBytes: Int = 1 << 18
  ) throws(InputError) {
    try self.init(
      path: path, content: CacheColumns(dimension: recipe.teacher.dimension),
      recipe: JSONValue(encoding: recipe).canonical, shard: shard, blockBytes: blockBytes)
  }
}
