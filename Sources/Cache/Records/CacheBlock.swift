internal import Regions
internal import Shards
internal import Support

/// A decoded block: the columns of its images.
package struct CacheBlock: Sendable {
  let columns: CacheColumns
  let rows: [ImageRow]
  /// Each image's name and note; empty where they have none.
  let names: [String]
  /// R x 4.
  let boxes: [Float]
  /// R.
  let scores: [Float]
  /// R x H x D.
  let vectors: StoredVectors
  /// R x side x side.
  let masks: [Float]

  /// About how much memory it takes.
  var bytes: Int {
    rows.count * 128 + (boxes.count + scores.count + masks.count) * 4 + vectors.size
  }

  /// The record of the block's image `index`.
  func record(_ index: Int) -> CacheRecord {
    let row = rows[index]
    var record: CacheRecord
    if row.status.isFailure {
      record = CacheRecord(
        imageID: row.imageID, failed: row.status, error: row.error ?? "", width: row.width,
        height: row.height)
    } else {
      let range = row.firstRow..<row.firstRow + row.rows
      let (width, cells) = (columns.width, columns.maskSide * columns.maskSide)
      record = CacheRecord(
        imageID: row.imageID, width: row.width, height: row.height,
        regions: EmbeddedRegions(
          [Region](edges: boxes, scores: scores, rows: range),
          vectors: vectors.floats(
            range.lowerBound * width..<range.upperBound * width, dimension: columns.dimension)))
      record.masks = Array(masks[range.lowerBound * cells..<range.upperBound * cells])
    }
    record.content = row.content
    if columns.isNamed {
      record.name = names[2 * index]
      record.note = names[2 * index + 1].isEmpty ? nil : names[2 * index + 1]
    }
    return record
  }

  /// The record of the block's image `index` as a teacher cache stores it.
  func halfRecord(_ index: Int) -> HalfRecord {
    let row = rows[index]
    guard case .halves(let halves) = vectors else {
      preconditionFailure("embeddings in float16 are those of a teacher cache")
    }
    // An image that is alone in its block, as large ones are, shares the block's memory.
    func part<Value>(_ column: [Value], _ width: Int) -> [Value] {
      if rows.count == 1 { return column }
      return Array(column[row.firstRow * width..<(row.firstRow + row.rows) * width])
    }
    return HalfRecord(
      imageID: row.imageID, width: row.width, height: row.height, status: row.status,
      error: row.error, content: row.content, boxes: part(boxes, 4), scores: part(scores, 1),
      vectors: part(halves, columns.width))
  }
}
