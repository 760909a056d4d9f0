package import Support

/// A shard as a whole.
extension ShardReader {
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

  /// How many images each block holds.
  package var imagesPerBlock: [Int] { footer.blocks.map(\.images) }

  /// Where frames begin and end: the start, each frame's end with the footer's, the file's end.
  package var frameBoundaries: [Int] {
    let frames = footer.blocks.flatMap(\.frames) + [footerFrame]
    return [0] + frames.map(\.offset) + [footerFrame.offset + footerFrame.size, size]
  }
}
