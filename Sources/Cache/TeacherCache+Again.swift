internal import Glibc
public import Support

extension TeacherCache {
  /// Queues images that have a row, so that they are embedded again; shards that hold nothing else
  /// are removed. Those that have none are queued already.
  ///
  /// - Parameter suspects: those that ended the processes that embedded them; each is worked on alone.
  public func embedAgain(_ images: [Int], suspects: Set<Int> = []) throws(InputError) {
    try catalogue.queueAgain(images, size: unitSize, suspects: suspects) {
      unlink(folder.shard($0))
    }
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

extension TrainingReader {
  /// The images that could not be used, by their ids. O(images).
  public func failures() throws(InputError) -> [ImageFailure] { try catalogue.failures() }

  /// The refusal (`badData`) of a cache without an image that can be trained on.
  public func nothingUsable() -> InputError {
    InputError(
      .badData, "no image of the cache can be trained on", at: folder.path,
      hint: "'vild cache stats' says why")
  }

  /// The shards that were published and whose files are not there any more.
  public func lostShards() throws(InputError) -> [Int] { try catalogue.lostShards(of: folder) }
}

extension Catalogue {
  /// The shards that are published and whose files are not there. A shard that is published
  /// meanwhile is in its place before the catalogue knows it.
  fileprivate func lostShards(of folder: CacheFolder) throws(InputError) -> [Int] {
    let known = try shards().map(\.unit)
    let files = Set(try folder.shardNumbers())
    return known.filter { !files.contains($0) }
  }
}
