internal import Glibc
public import Support

extension RegionCache {
  /// Queues images that have a row, so that they are embedded again; shards that hold nothing else
  /// are removed. Those that have none are queued already.
  ///
  /// - Parameter suspects: those that ended the processes that embedded them; each is worked on alone.
  public func embedAgain(_ images: [Int], suspects: Set<Int> = []) throws(InputError) {
    try catalogue.queueAgain(images, size: unitSize, suspects: suspects) {
      unlink(folder.shard($0))
    }
  }

  /// Puts queued images, whose records are at hand, into units without others, which others do not hold.
  ///
  /// - Returns: those units, to be leased with `nextUnit(among:)`, and how many images these are.
  public func gather(
    _ images: Set<Int>
  ) throws(InputError) -> (units: Set<Int>, images: Int) {
    try catalogue.gather(images, size: unitSize)
  }

  /// Takes images out of the queue that are not among `wanted`; those that are embedded stay.
  public func withdraw(except wanted: Set<Int>) throws(InputError) {
    try catalogue.withdraw(except: wanted)
  }

  /// Notes what files look like now whose content is that which was embedded, so that they need not
  /// be read again.
  public static func see(
    _ files: [Int: SeenFile], in folder: CacheFolder
  ) throws(InputError) {
    let lock = try CacheLock(folder, for: .working)
    defer { withExtendedLifetime(lock) {} }
    let catalogue = try Catalogue(writing: folder.catalogue, recipe: folder.recipe)
    try catalogue.see(files)
    try catalogue.close()
  }

  /// Queues the images of shards whose files are not there any more.
  ///
  /// - Returns: the numbers of these shards.
  public func embedLostShards() throws(InputError) -> [Int] {
    let lost = try catalogue.lostShards(of: folder)
    for shard in lost { try catalogue.forget(shard) }
    return lost
  }
}

extension Catalogue {
  /// The shards that are published and whose files are not there. A shard that is published
  /// meanwhile is in its place before the catalogue knows it.
  func lostShards(of folder: CacheFolder) throws(InputError) -> [Int] {
    let known = try shards().map(\.unit)
    let files = Set(try folder.shardNumbers())
    return known.filter { !files.contains($0) }
  }
}
