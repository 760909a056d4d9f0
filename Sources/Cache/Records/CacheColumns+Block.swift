internal import Regions
package import Shards
package import Support

extension CacheColumns {
  /// A block is closed before its vectors and masks would outgrow the limit.
  package func weight(of record: CacheRecord) -> Int {
    precondition(record.regions.vectors.count == record.regions.count * width)
    return record.regions.vectors.count * precision.bytes + record.masks.count * maskBytes
  }

  package func block(of records: [CacheRecord]) -> (rows: Int, columns: [[UInt8]]) {
    var rows: [ImageRow] = []
    var (edges, scores, vectors, masks): ([Float], [Float], [Float], [Float]) = ([], [], [], [])
    for record in records {
      rows.append(
        ImageRow(
          imageID: record.imageID, firstRow: scores.count, rows: record.regions.count,
          status: record.status, width: record.width, height: record.height, error: record.error,
          content: record.content))
      record.regions.regions.append(toEdges: &edges, scores: &scores)
      vectors += record.regions.vectors
      masks += record.masks
    }
    let names =
      isNamed ? [NameColumn.bytes(records.flatMap { [$0.name ?? "", $0.note ?? ""] })] : []
    let cells = maskSide == 0 ? [] : [maskBytes == 1 ? MaskCells.bytes(masks) : Bytes.of(masks)]
    let columns =
      [ImageTable.bytes(rows)] + names + [Bytes.of(edges), Bytes.of(scores)]
      + StoredVectors(vectors, of: self).columns + cells
    return (scores.count, columns)
  }
}

/// Writes a shard of a cache.
package typealias CacheShardWriter = ShardWriter<CacheColumns>

extension ShardWriter where Content == CacheColumns {
  /// - Parameter blockBytes: a block is closed before its vectors would outgrow this.
  /// - Throws: `InputError` (`tryAgain` on a full disk, `cannotCreate`, `inputOutput`).
  package convenience init(
    path: String, recipe: Recipe, shard: Int, blockBytes: Int = 1 << 18
  ) throws(InputError) {
    try self.init(
      path: path, content: recipe.columns, recipe: recipe.json.canonical, shard: shard,
      blockBytes: blockBytes)
  }
}

/// Masks' cells as whole 255ths.
enum MaskCells {
  /// - Parameter values: in 0...1.
  static func bytes(_ values: [Float]) -> [UInt8] { values.map { UInt8(($0 * 255).rounded()) } }

  static func values(_ bytes: [UInt8]) -> [Float] { bytes.map { Float($0) / 255 } }
}

/// A column of texts, each image's name and note: their lengths in bytes, 4 bytes each, then the texts in
/// UTF-8.
enum NameColumn {
  static func bytes(_ texts: [String]) -> [UInt8] {
    Bytes.of(texts.map { UInt32($0.utf8.count) }) + texts.flatMap { Array($0.utf8) }
  }

  /// nil where the bytes are not those of `count` texts.
  static func texts(_ bytes: [UInt8], count: Int) -> [String]? {
    guard bytes.count >= 4 * count else { return nil }
    var texts: [String] = []
    var at = 4 * count
    for index in 0..<count {
      let length = Int(Bytes.load(bytes, at: 4 * index, as: UInt32.self))
      guard length <= bytes.count - at else { return nil }
      texts.append(String(decoding: bytes[at..<at + length], as: UTF8.self))
      at += length
    }
    return at == bytes.count ? texts : nil
  }
}
