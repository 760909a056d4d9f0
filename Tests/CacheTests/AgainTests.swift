import Cache
import Foundation
import GRDB
import Regions
import Support
import TestSupport
import Testing

/// Images that are embedded again: what counts, what goes, what a lost catalogue knows of it.
@Suite struct AgainTests {
  /// Twelve images in shards of four, one in five failed.
  private let records = sampleRecords(12)
  private var ids: [Int] { records.map(\.imageID) }

  private func open(_ root: String) throws -> RegionCache {
    try RegionCache.open(
      folder: root, recipe: sampleRecipe(), imageIDs: ids, unitSize: 4)
  }

  /// Another record of an image than the first one.
  private func newRecord(_ image: Int) -> CacheRecord {
    var generator = SeededGenerator(state: UInt64(image))
    return sampleRecord(image, regions: 3, using: &generator)
  }

  /// Embeds `images` again and whatever else is queued; returns what had to be embedded.
  @discardableResult
  private func again(_ root: String, _ images: [Int]) throws -> [Int] {
    let cache = try open(root)
    try cache.embedAgain(images)
    var embedded: [Int] = []
    try cache.work { id in
      embedded.append(id)
      return newRecord(id)
    }
    try cache.close()
    return embedded
  }

  private func rows(_ place: CacheFolder) throws -> [String] {
    let queue = try DatabaseQueue(path: place.catalogue)
    defer { try? queue.close() }
    return try queue.read { db in
      try ["unit", "image", "shard", "location"].flatMap { table in
        try Row.fetchAll(db, sql: "SELECT * FROM \(table) ORDER BY 1").map { "\(table): \($0)" }
      }
    }
  }

  private func expect(_ place: CacheFolder, _ root: String, new: Set<Int>) throws {
    let reader = try CacheReader(folder: root, recipe: sampleRecipe())
    for record in records {
      let wanted = new.contains(record.imageID) ? newRecord(record.imageID) : record
      #expect(try reader.record(of: record.imageID) == wanted)
    }
    #expect(try reader.imageIDs() == ids)
    #expect(try RegionCache.verify(place, .full).isEmpty)
  }

  @Test func theLaterRecordCountsAlsoWithoutACatalogue() throws {
    try withTemporaryFolder { root in
      try fill(root, records, unitSize: 4)
      let place = CacheFolder(root: root, recipe: sampleRecipe())
      // The failed image of shard 1, and a sound one of shard 2, and then that once more.
      #expect(try again(root, [ids[4], ids[8]]) == [ids[4], ids[8]])
      try expect(place, root, new: [ids[4], ids[8]])
      #expect(try again(root, [ids[8]]) == [ids[8]])
      try expect(place, root, new: [ids[4], ids[8]])
      let before = try rows(place)
      try RegionCache.reindex(place)
      #expect(try rows(place) == before)
      try expect(place, root, new: [ids[4], ids[8]])
      // Regions that count no more are not counted.
      let statistics = try RegionCache.statistics(place)
      let reader = try CacheReader(folder: root, recipe: sampleRecipe())
      let regions = try ids.reduce(0) { try $0 + reader.record(of: $1).regions.count }
      #expect(statistics.regions == regions && statistics.images == 12)
    }
  }

  @Test func aShardThatHoldsNothingMoreGoes() throws {
    try withTemporaryFolder { root in
      try fill(root, records, unitSize: 4)
      let place = CacheFolder(root: root, recipe: sampleRecipe())
      let old = try Files.read(place.shard(0))
      #expect(try again(root, Array(ids[..<4])) == Array(ids[..<4]))
      #expect(!Files.exists(place.shard(0)) && Files.exists(place.shard(3)))
      try expect(place, root, new: Set(ids[..<4]))
      // As a kill between the file and the catalogue would leave it: old, and known to be.
      try old.write(to: URL(filePath: place.shard(0)))
      #expect(try RegionCache.verify(place, .quick).map(\.kind) == [.unknownShard])
      #expect(try again(root, []).isEmpty)
      #expect(!Files.exists(place.shard(0)))
      try expect(place, root, new: Set(ids[..<4]))
    }
  }

  @Test func killedBeforeItIsEmbeddedAgain() throws {
    try withTemporaryFolder { root in
      try fill(root, records, unitSize: 4)
      let place = CacheFolder(root: root, recipe: sampleRecipe())
      let cache = try open(root)
      try cache.embedAgain([ids[1], ids[2]])
      #expect(try cache.progress().done == 10)
      #expect(try RegionCache.verify(place, .full).isEmpty, "what is queued is no contradiction")
      // Asked for twice, it is queued once.
      try cache.embedAgain([ids[1]])
      try cache.close()
      #expect(try again(root, []) == [ids[1], ids[2]])
      try expect(place, root, new: [ids[1], ids[2]])
    }
  }

  @Test func aLostShardIsNoticed() throws {
    try withTemporaryFolder { root in
      try fill(root, records, unitSize: 4)
      let place = CacheFolder(root: root, recipe: sampleRecipe())
      try again(root, [ids[5]])
      unlink(place.shard(1))
      let reader = try CacheReader(folder: root, recipe: sampleRecipe())
      #expect(try reader.lostShards() == [1])
      let cache = try open(root)
      #expect(try cache.embedLostShards() == [1])
      #expect(try cache.embedLostShards().isEmpty)
      try cache.close()
      // But for the image that a later shard holds.
      #expect(try again(root, []) == [ids[4], ids[6], ids[7]])
      try expect(place, root, new: Set(ids[4..<8]))
    }
  }

  /// Suspects are worked on alone from the start, and blamed after two deaths.
  @Test func aCrashedImageIsTriedAgainAlone() throws {
    try withTemporaryFolder { root in
      let place = CacheFolder(root: root, recipe: sampleRecipe())
      var crashed = records
      crashed[2] = CacheRecord(imageID: ids[2], failed: .crashed, error: "died")
      try fill(root, crashed, unitSize: 4)
      let reader = try CacheReader(folder: root, recipe: sampleRecipe())
      #expect(try reader.failures().first?.imageID == ids[2])
      func dies(_ boot: String) throws -> RegionCache {
        try RegionCache.open(
          place, imageIDs: ids, unitSize: 4, clock: LeaseClock(boot: boot) { 0 })
      }
      let first = try dies("a")
      try first.embedAgain([ids[0], ids[2]], suspects: [ids[2]])
      let unit = try #require(try first.nextUnit())
      #expect((unit.imageIDs, unit.attempt) == ([ids[0]], 1))
      try first.publish(unit, records: [records[0]])
      for boot in ["a", "b"] {
        let cache = try dies(boot)
        let unit = try #require(try cache.nextUnit())
        #expect(unit.imageIDs == [ids[2]])
        try cache.begin(unit)
        #expect(try cache.nextUnit() == nil)
      }
      let last = try dies("c")
      #expect(try last.nextUnit() == nil)
      #expect(try last.isComplete())
      #expect(try reader.failures().first?.status == .crashed)
    }
  }

  @Test func mergedIsWhatCounts() throws {
    try withTemporaryFolder { root in
      let (one, two) = ("\(root)/one", "\(root)/two")
      try fill(one, Array(records[8...]), unitSize: 4)
      try fill(two, records, unitSize: 4)
      try again(two, [ids[1]])
      let places = [one, two].map { CacheFolder(root: $0, recipe: sampleRecipe()) }
      let merge = try RegionCache.merge(from: places[1], into: places[0])
      #expect(merge.images == 8 && merge.imagesInBoth == 4)
      try expect(places[0], one, new: [ids[1]])
    }
  }
}
