internal import Support

/// The records of a cache for exports: nearly always in the order in which they are stored, so that
/// each block is decoded once.
final class ExportSource {
  private let folder: CacheFolder
  private let decoder = BlockDecoder()
  private var shards = RecentlyUsed<Int, ShardReader>(limit: 16)
  private var block: (shard: Int, number: Int, content: ShardBlock)?

  init(_ folder: CacheFolder) { self.folder = folder }

  /// - Throws: `InputError` (`badData` that names shard, block and image).
  func record(at location: ImageLocation) throws(InputError) -> HalfRecord {
    let image = location.row.imageID
    let content: ShardBlock
    do throws(InputError) {
      content = try self.content(of: location)
    } catch {
      var named = error
      named.what += " (wanted image \(image), block \(location.block))"
      throw named
    }
    guard let index = content.rows.firstIndex(of: location.row) else {
      throw InputError(
        .badData, "catalogue and shard disagree on image \(image), block \(location.block)",
        at: folder.shard(location.shard), hint: "rebuild the catalogue with reindex")
    }
    return content.halfRecord(index)
  }

  private func content(of location: ImageLocation) throws(InputError) -> ShardBlock {
    if let block, block.shard == location.shard, block.number == location.block {
      return block.content
    }
    let reader: ShardReader
    if let known = shards[location.shard] {
      reader = known
    } else {
      reader = try ShardReader(path: folder.shard(location.shard), in: folder)
      shards.insert(reader, for: location.shard)
    }
    guard location.block < reader.footer.blocks.count else {
      throw ShardReader.damaged("it has no block \(location.block)", at: reader.path)
    }
    let content = try reader.block(location.block, using: decoder)
    block = (location.shard, location.block, content)
    return content
  }
}
