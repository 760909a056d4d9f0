internal import Regions
internal import Shards
internal import Support

/// A decoded block: the columns of its images.
struct CacheBlock: Sendable {
  let dimension: Int
  let rows: [ImageRow]
  /// R x 4.
  let boxes: [Float]
  /// R.
  let scores: [Float]
  /// R x D, float16.
  let vectors: [UInt16]

  /// About how much memory it takes.
  var bytes: Int { rows.count * 128 + (boxes.count + scores.count) * 4 + vectors.count * 2 }

  /// The record of the block's image `index`.
  func record(_ index: Int) -> CacheRecord {
    let row = rows[index]
    if row.status.isFailure {
      var record = CacheRecord(
        imageID: row.imageID, failed: row.status, error: row.error ?? "", width: row.width,
        height: row.height)
      record.content = row.content
      return record
    }
    let range = row.firstRow..<row.firstRow + row.rows
    var record = CacheRecord(
      imageID: row.imageID, width: row.width, height: row.height,
      regions: EmbeddedRegions(
        [Region](edges: boxes, scores: scores, rows: range),
        vectors: Half.floats(vectors[range.lowerBound * dimension..<range.upperBound * dimension])))
    record.content = row.content
    return record
  }

  /// The record of the block's image `index` as it is stored.
  func halfRecord(_ index: Int) -> HalfRecord {
    let row = rows[index]
    // An image that is alone in its block, as large ones are, shares the block's memory.
    func part<Value>(_ column: [Value], _ width: Int) -> [Value] {
      if rows.count == 1 { return column }
      return Array(column[row.firstRow * width..<(row.firstRow + row.rows) * width])
    }
    return HalfRecord(
      imageID: row.imageID, width: row.width, height: row.height, status: row.status,
      error: row.error, boxes: part(boxes, 4), scores: part(scores, 1),
      vectors: part(vectors, dimension))
  }
}
