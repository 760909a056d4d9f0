internal import Glibc
internal import Shards
public import Support

extension RegionCache {
  /// Verifies the shard files that the catalogue does not know and enters them, without computing
  /// anything anew. One whose images are all in later shards is what a kill left, and removed.
  static func adoptOrphans(of folder: CacheFolder, into catalogue: Catalogue) throws(InputError) {
    let known = Set(try catalogue.shards().map(\.unit))
    for number in try folder.shardNumbers() where !known.contains(number) {
      do throws(InputError) {
        if try !catalogue.adopt(try wholeShard(number, of: folder)) { unlink(folder.shard(number)) }
      } catch {
        var named = error
        if error.kind == .badData, error.hint == nil {
          named.hint = "'vild cache repair' moves it away and keeps what is sound"
        }
        throw named
      }
    }
  }

  /// The entry of a shard file that lies in its place, every byte of which was compared with its
  /// hashes.
  static func wholeShard(
    _ number: Int, of folder: CacheFolder
  ) throws(InputError) -> ShardEntry {
    let shard = try CacheShard(path: folder.shard(number), in: folder)
    try shard.requireNumber(number)
    return try ShardEntry(shard, sha256: shard.verifiedHash())
  }

  /// Rebuilds the catalogue from the shards; afterwards it holds the same rows, but for units that
  /// had no shard yet (opening the cache queues them again, under the same numbers, and what was held
  /// against their images is forgotten), what the images' files looked like (they are read once more)
  /// and the history of runs. Failures are in the shards.
  ///
  /// - Throws: `InputError`: workers are using the cache (`tryAgain`), a damaged shard (`badData`).
  public static func reindex(_ folder: CacheFolder) throws(InputError) {
    try folder.create()
    let lock = try CacheLock(folder, for: .mending)
    try withExtendedLifetime(lock) { () throws(InputError) in try rebuildCatalogue(of: folder) }
  }

  static func rebuildCatalogue(of folder: CacheFolder) throws(InputError) {
    let new = "\(folder.catalogue).new"
    removeDatabase(new)
    let catalogue = try Catalogue(writing: new, recipe: folder.recipe)
    try adoptOrphans(of: folder, into: catalogue)
    try catalogue.writeSummary()
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
