internal import Glibc
internal import Regions
internal import Shards
public import Support

extension RegionCache {
  /// Publishes the records of a unit as one shard: a file of another name, fsync, rename, fsync of
  /// the folder, one transaction. On failure the unit is given back.
  ///
  /// - Parameters:
  ///   - records: one per image of the unit, in the unit's order.
  ///   - files: what the images' files looked like just before they were read, by image.
  /// - Throws: `InputError`: a full disk or a lost lease (`tryAgain`), an embedding that is no unit
  ///   vector, or another shard already in its place (`badData`).
  public func publish(
    _ unit: WorkUnit, records: [CacheRecord], files: [Int: SeenFile] = [:]
  ) throws(InputError) {
    precondition(records.map(\.imageID) == unit.imageIDs, "one record per image, in their order")
    do throws(InputError) {
      for record in records {
        try record.check(folder.recipe.columns, at: folder.path)
      }
      try requireSpace(for: records)
      try extend(unit)
      let (shard, hash) = try write(records, of: unit)
      try catalogue.publish(
        ShardEntry(shard, sha256: hash), of: unit, files: files, by: owner, run: run)
    } catch {
      try? release(unit)
      throw error
    }
    try hasPublished()
  }

  /// Writes the shard and moves it to its place.
  private func write(
    _ records: [CacheRecord], of unit: WorkUnit
  ) throws(InputError) -> (CacheShard, hash: String) {
    let part = folder.part(of: unit.id, token: unit.token, owner: owner)
    let writer = try CacheShardWriter(path: part, recipe: folder.recipe, shard: unit.id)
    for record in records { try writer.append(record) }
    let hash = try writer.finish()
    let path = folder.shard(unit.id)
    // A second name and then one less: a rename that cannot replace anything.
    let code = link(part, path) == 0 ? 0 : errno
    defer { unlink(part) }
    if code == EEXIST { return try acceptExisting(path, insteadOf: part) }
    guard code == 0 else { throw .system("cannot rename to", at: path, code: code) }
    try Files.syncFolder(of: path)
    return (try CacheShard(path: path, in: folder), hash)
  }

  /// The shard that is already at `path`, which must say the same as the one just written; its
  /// bytes may differ where another release of zstd compressed it.
  private func acceptExisting(
    _ path: String, insteadOf part: String
  ) throws(InputError) -> (CacheShard, hash: String) {
    let existing = try CacheShard(path: path, in: folder)
    let hash = try existing.verifiedHash()
    let new = try CacheShard(path: part)
    guard try existing.contentHash() == new.contentHash() else {
      throw InputError(
        .badData, "another shard is already in this place", at: path,
        expected: "the content just computed", got: "other content",
        hint: "the same recipe gave two results; 'vild cache repair' keeps the one that was first")
    }
    return (existing, hash)
  }

  /// Refuses to start what the disk cannot hold; the estimate is that of uncompressed columns.
  private func requireSpace(for records: [CacheRecord]) throws(InputError) {
    var status = statvfs()
    guard statvfs(folder.shards, &status) == 0 else {
      throw .system("cannot read", at: folder.shards)
    }
    let need = records.reduce(1 << 20) { $0 + $1.regions.count * folder.recipe.columns.regionBytes }
    let free = Int(clamping: status.f_bavail) * Int(clamping: status.f_frsize)
    if need > free { throw .system("cannot write the next shard", at: folder.shards, code: ENOSPC) }
  }
}
