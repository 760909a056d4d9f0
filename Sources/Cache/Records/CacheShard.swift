internal import Foundation
package import Shards
package import Support

/// An open shard of a teacher cache.
package typealias CacheShard = ShardReader<CacheColumns>

extension ShardReader where Content == CacheColumns {
  /// Opens a shard of the cache `folder`.
  ///
  /// - Parameter known: the index of an earlier opening, used where the file still is what it was.
  /// - Throws: `InputError` (`badData` that names the file for a damaged, truncated or foreign
  ///   shard, with both hashes for one of another recipe; `missingInput`; `inputOutput`).
  package convenience init(
    path: String, in folder: CacheFolder, known: ShardIndex<CacheColumns>? = nil
  ) throws(InputError) {
    try self.init(path: path, known: known)
    guard header.recipeHash == folder.recipeHash else {
      let found = try? JSONDecoder().decode(JSONValue.self, from: Data(header.recipe.utf8))
      throw Recipe.refusal(of: found ?? .null, wanted: folder.recipe, at: path)
    }
  }

  /// - Throws: `InputError` (`badData`) where this is not shard `number`, whose name it has.
  func requireNumber(_ number: Int) throws(InputError) {
    if header.shard == number { return }
    throw InputError(
      .badData, "the shard is under another's name", at: path,
      expected: CacheFolder.shardName(header.shard), got: CacheFolder.shardName(number),
      hint: "'vild cache repair' gives each shard its own name")
  }

  /// The regions of one block, decoded and checked.
  func block(
    _ index: Int, using decoder: BlockDecoder = BlockDecoder()
  ) throws(InputError) -> CacheBlock {
    let columns = try columns(of: index, using: decoder)
    let table = try columns.values(.images, as: UInt8.self)
    let vectors = try columns.values(.vectors, as: UInt16.self)
    return CacheBlock(
      dimension: content.dimension, rows: try imageRows(table, of: columns),
      boxes: try columns.values(.boxes, as: Float.self),
      scores: try columns.values(.scores, as: Float.self), vectors: vectors)
  }

  /// The image table of one block with the `RegionsHash` of each image that did not fail.
  func imageRegions(
    _ index: Int, using decoder: BlockDecoder = BlockDecoder()
  ) throws(InputError) -> [(row: ImageRow, regions: String?)] {
    let last = CacheColumns.Column.scores.rawValue
    let columns = try columns(of: index, upTo: last, using: decoder)
    let boxes = try columns.values(.boxes, as: Float.self)
    let scores = try columns.values(.scores, as: Float.self)
    let table = try columns.values(.images, as: UInt8.self)
    return try imageRows(table, of: columns).map { row in
      let (from, to) = (row.firstRow, row.firstRow + row.rows)
      let hash = RegionsHash.of(boxes[4 * from..<4 * to], scores[from..<to])
      return (row, row.status.isFailure ? nil : hash)
    }
  }

  private func imageRows(
    _ table: [UInt8], of columns: BlockColumns
  ) throws(InputError) -> [ImageRow] {
    guard let rows = ImageTable.rows(table, images: columns.items, regions: columns.rows) else {
      throw ShardFormat.damaged(
        "the image table of block \(columns.index) contradicts itself", at: path)
    }
    return rows
  }

  /// All records in their order.
  package func records() throws(InputError) -> [CacheRecord] {
    var records: [CacheRecord] = []
    for index in footer.blocks.indices {
      let block = try block(index)
      records += block.rows.indices.map(block.record)
    }
    return records
  }

  /// SHA-256 over the records, in their order; memory stays at one block.
  func contentHash() throws(InputError) -> String {
    let hash = SHA256()
    let decoder = BlockDecoder()
    for index in footer.blocks.indices {
      let block = try block(index, using: decoder)
      for image in block.rows.indices { block.record(image).feed(hash) }
    }
    return hash.hex
  }
}

extension BlockColumns {
  fileprivate func values<Value: BitwiseCopyable>(
    _ column: CacheColumns.Column, as type: Value.Type
  ) throws(InputError) -> [Value] {
    try values(column.rawValue, as: type)
  }
}
