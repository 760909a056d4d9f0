internal import Glibc
internal import Shards
internal import Support

extension ShardEntry {
  /// Writes records into a new shard in its place, durably; the catalogue does not know it yet.
  ///
  /// - Parameter number: one that no shard and no unit has.
  init(
    storing records: [CacheRecord], as number: Int, in folder: CacheFolder
  ) throws(InputError) {
    let part = folder.part(of: number, token: 0, owner: .current(on: .system))
    unlink(part)
    let writer = try CacheShardWriter(path: part, recipe: folder.recipe, shard: number)
    for record in records { try writer.append(record) }
    let hash = try writer.finish()
    try self.init(moving: part, to: number, of: folder, sha256: hash)
  }

  /// Puts a durable file in the place of shard `number`, where there must be none.
  init(
    moving part: String, to number: Int, of folder: CacheFolder, sha256: String
  ) throws(InputError) {
    let path = folder.shard(number)
    let code = link(part, path) == 0 ? 0 : errno
    unlink(part)
    guard code == 0 else { throw .system("cannot rename to", at: path, code: code) }
    try Files.syncFolder(of: path)
    try self.init(try CacheShard(path: path, in: folder), sha256: sha256)
  }
}

extension CacheFolder {
  /// A number that no unit of the catalogue and no shard file has.
  func freeNumber(_ catalogue: Catalogue) throws(InputError) -> Int {
    let free = try catalogue.read { try Catalogue.freeNumber(in: $0) }
    return max(free, (try shardNumbers().last ?? -1) + 1)
  }
}
