import Cache
import Corpora
import Images
import Labelling
import Support
import Tensors

/// The regions of a corpus's images in a store, from which detections are derived for any names.
struct StoreStage {
  var task: StoreTask
  let imagesPerShard: Int
  let stage: String
  let report: Console

  /// The store of exactly these images.
  ///
  /// - Throws: `InputError` (`missingInput`) where the store lacks images.
  func complete() throws(InputError) -> CacheReader {
    guard Files.exists(task.folder.recipeFile), try task.folder.hasCatalogue() else {
      throw missing(task.ids.count)
    }
    let reader = try CacheReader(task.folder)
    let held = Set(try reader.imageIDs())
    let lacking = task.ids.count { !held.contains($0) }
    if lacking > 0 { throw missing(lacking) }
    return reader
  }

  private func missing(_ count: Int) -> InputError {
    InputError(
      .missingInput, "the region store lacks \(count.counted("image")) of the corpus",
      at: task.folder.path, expected: "all \(task.ids.count)",
      hint: "'vild detect' with the same pipeline and corpus adds them")
  }

  /// What the store lacks, or has of files that have changed.
  func changes(failed: FailedImages) throws(InputError) -> CacheChanges {
    let (task, decode) = (task, task.files.decode)
    return try CacheChanges(of: task.folder, holding: task.ids, failed: failed) { index in
      let item = task.item(task.ids[index])
      let (name, path, source) = (item.name, task.path(of: item.name), task.images.source)
      return .init(
        path: path, stamp: { source.stamp(of: name) },
        file: { () throws(ImageError) in try ImageFile(name, of: source) },
        decode: { file throws(ImageError) in _ = try decode(item, file, path) })
    }
  }

  /// Calls `work` where something is left to do.
  ///
  /// - Parameter failed: what becomes of images that failed before.
  /// - Returns: the store, which then holds all images.
  func fill(
    failed: FailedImages, _ work: (RegionCache) throws -> Void
  ) throws -> CacheReader {
    var changes: CacheChanges? = try self.changes(failed: failed)
    changes?.noteSeen()
    if changes?.isEmpty == false {
      try withCache { cache in
        try queue(changes!, in: cache)
        // What is known of a million images is not needed while the detector works.
        changes = nil
        try work(cache)
      }
    }
    return try complete()
  }

  /// - Throws: `InputError` (`tryAgain`) where the disk has no room for what is left.
  private func queue(_ changes: CacheChanges, in cache: RegionCache) throws(InputError) {
    for note in try changes.queue(in: cache, verb: "detecting") { report.say(stage, note) }
    if let refusal = try StoreSize(task, left: changes.images.count).refusal { throw refusal }
  }

  /// Fills this store with what a pool lacks of a part, and the pool from it.
  func fill(_ part: PoolPart, _ work: (RegionCache) throws -> Void) throws {
    try withCache(part: part) { cache in
      try part.fill(
        cache, changes: { () throws(InputError) in try self.changes(failed: .ifChanged) },
        queue: { changes throws(InputError) in try queue(changes, in: cache) }, stage: stage,
        report: report
      ) { try work(cache) }
    }
  }

  /// - Parameters:
  ///   - part: for which the store is filled.
  ///   - isQueued: whether somebody else has queued what is to be looked at.
  func withCache(
    part: PoolPart? = nil, isQueued: Bool = false, _ work: (RegionCache) throws -> Void
  ) throws {
    let folder = task.folder
    let cache = try RegionCache.open(
      folder: StoreTask.root(of: task.place, in: task.run), recipe: task.recipe,
      imageIDs: isQueued ? [] : task.ids,
      unitSize: part == nil ? imagesPerShard : min(imagesPerShard, PoolPart.unitSize)
    ) { () throws(InputError) in try part?.publish(from: folder) }
    do {
      try work(cache)
      try cache.close(statistics: [:])
    } catch {
      try? cache.close()
      throw error
    }
  }

  /// Looks at the images of the store's queue, on all cores, until every image has its row.
  ///
  /// - Parameter console: of the progress; where it is silent, somebody else reports.
  /// - Throws: as `LeasedUnits.run`; `InputError` for an image of which nothing finite is said.
  func work(
    in cache: RegionCache, with detector: any Detector, progress console: Console
  ) throws {
    let units = try LeasedUnits(of: cache, stage: stage, report: report, progress: console)
    let (task, regions) = (task, DetectedRegions(detector, in: task.files))
    try units.run {
      // Of its own each time: a line that has ended takes nothing more. One worker an image: sums in the
      // same order, whatever is beside it.
      let line = WorkLine<Int, (record: CacheRecord, file: SeenFile?), any Error> { id in
        let item = task.item(id)
        let looked = try regions.look(at: item)
        let path = task.path(of: item.name)
        let record: CacheRecord
        do throws(InputError) {
          record = try CacheRecord(looked, named: item.name, of: task.recipe)
        } catch {
          throw error.at(path)
        }
        let seen = looked.stamp.flatMap { $0.isSettled ? SeenFile(path: path, stamp: $0) : nil }
        return (record, seen)
      }
      try line.run(next: units.next) { record, file in
        if let error = record.error { report.say(stage, "skipped \(error)") }
        try units.keep(record, file)
      }
    }
  }
}
