internal import Glibc
public import Support

extension TeacherCache {
  /// Verifies the shard files that the catalogue does not know and enters them, without computing
  /// anything anew.
  static func adoptOrphans(of folder: CacheFolder, into catalogue: Catalogue) throws(InputError) {
    let known = Set(try catalogue.shards().map(\.unit))
    for number in try folder.shardNumbers() where !known.contains(number) {
      let shard = try ShardReader(path: folder.shard(number), in: folder)
      guard shard.header.shard == number else {
        throw InputError(
          .badData, "the shard is under another's name", at: shard.path,
          expected: CacheFolder.shardName(shard.header.shard),
          got: CacheFolder.shardName(number))
      }
      let entry = try ShardEntry(shard, sha256: shard.verifiedHash())
      try catalogue.publish(entry, holder: nil)
    }
  }

  /// Rebuilds the catalogue from the shards; afterwards it holds the same rows, but for units that
  /// had no shard yet (opening the cache queues them again, under the same numbers) and the history
  /// of runs. Nobody may be writing.
  ///
  /// - Throws: `InputError`: a worker still holds a unit (`tryAgain`), a damaged shard (`badData`).
  public static func reindex(_ folder: CacheFolder) throws(InputError) {
    try folder.create()
    let new = "\(folder.catalogue).new"
    removeDatabase(new)
    if let old = try? Catalogue(reading: folder.catalogue, recipe: folder.recipe) {
      let holders = try? old.liveHolders()
      if let holder = holders?.first {
        throw InputError(
          .tryAgain, "a worker is writing into the cache", at: folder.path, got: holder)
      }
      try old.close()
    }
    let catalogue = try Catalogue(writing: new, recipe: folder.recipe)
    try adoptOrphans(of: folder, into: catalogue)
    try catalogue.close()
    // The old log must not meet the new file. Dying here leaves an older state of the old one,
    // whose missing rows are adopted at the next opening.
    unlink("\(folder.catalogue)-wal")
    unlink("\(folder.catalogue)-shm")
    guard rename(new, folder.catalogue) == 0 else {
      throw .system("cannot replace", at: folder.catalogue)
    }
    try Files.syncFolder(of: folder.catalogue)
  }

  private static func removeDatabase(_ path: String) {
    for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
  }
}
