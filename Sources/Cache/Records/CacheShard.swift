internal import Foundation
package import Shards
package import Support

/// An open shard of a cache.
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
    let layout = content
    let columns = try columns(of: index, using: decoder)
    func values<Value: BitwiseCopyable>(
      _ column: CacheColumns.Column, as type: Value.Type
    ) throws(InputError) -> [Value] {
      try columns.values(layout.index(of: column), as: type)
    }
    let table = try values(.images, as: UInt8.self)
    let vectors: StoredVectors =
      switch layout.precision {
      case .float32: .floats(try values(.vectors, as: Float.self))
      case .float16: .halves(try values(.vectors, as: UInt16.self))
      case .int8:
        .bytes(
          try values(.vectors, as: Int8.self), scales: try values(.scales, as: Float.self))
      }
    let names =
      layout.isNamed ? try imageNames(values(.names, as: UInt8.self), of: columns) : []
    let masks: [Float] =
      switch (layout.maskSide, layout.maskBytes) {
      case (0, _): []
      case (_, 1): MaskCells.values(try values(.masks, as: UInt8.self))
      default: try values(.masks, as: Float.self)
      }
    return CacheBlock(
      columns: layout, rows: try imageRows(table, of: columns), names: names,
      boxes: try values(.boxes, as: Float.self), scores: try values(.scores, as: Float.self),
      vectors: vectors, masks: masks)
  }

  /// The image table of one block with the `RegionsHash` of each image that did not fail.
  func imageRegions(
    _ index: Int, using decoder: BlockDecoder = BlockDecoder()
  ) throws(InputError) -> [(row: ImageRow, regions: String?)] {
    let layout = content
    let columns = try columns(of: index, upTo: layout.index(of: .scores), using: decoder)
    let boxes = try columns.values(layout.index(of: .boxes), as: Float.self)
    let scores = try columns.values(layout.index(of: .scores), as: Float.self)
    let table = try columns.values(layout.index(of: .images), as: UInt8.self)
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

  private func imageNames(
    _ bytes: [UInt8], of columns: BlockColumns
  ) throws(InputError) -> [String] {
    guard let names = NameColumn.texts(bytes, count: 2 * columns.items) else {
      throw ShardFormat.damaged(
        "the names of block \(columns.index) contradict themselves", at: path)
    }
    return names
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
