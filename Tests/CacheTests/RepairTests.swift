import Cache
import Foundation
import GRDB
import Shards
import Support
import TestSupport
import Testing

/// What `verify` names is put right, and nothing sound is lost or computed again.
@Suite struct RepairTests {
  /// 40 images with regions in 4 shards of 5 blocks.
  private let records: [CacheRecord] = {
    var generator = SeededGenerator(state: 8)
    return (0..<40).map { sampleRecord($0 * 2, regions: 35, using: &generator) }
  }()
  private var ids: [Int] { records.map(\.imageID) }

  private func withCache(_ body: (CacheFolder, String) throws -> Void) throws {
    try withTemporaryFolder { root in
      let place = CacheFolder(root: root, recipe: sampleRecipe())
      try fill(root, [], unitSize: 1)
      for shard in 0..<4 {
        try writeShard(
          place.shard(shard), Array(records[shard * 10..<shard * 10 + 10]), number: shard,
          blockBytes: 2400)
      }
      try RegionCache.reindex(place)
      try body(place, root)
    }
  }

  /// Repairs, checks, embeds what is queued, checks again. Returns what was done and what had to be
  /// embedded.
  private func mend(
    _ place: CacheFolder, _ root: String
  ) throws -> (kinds: [CacheRepair.Action.Kind], embedded: [Int], CacheRepair) {
    let repair = try RegionCache.repair(place)
    #expect(repair.remaining.isEmpty)
    #expect(try RegionCache.verify(place, .full).isEmpty)
    #expect(try RegionCache.repair(place).actions.isEmpty)
    let cache = try RegionCache.open(
      folder: root, recipe: sampleRecipe(), imageIDs: ids, unitSize: 10)
    var embedded: [Int] = []
    try cache.work { id in
      embedded.append(id)
      return records[id / 2]
    }
    try cache.close()
    let reader = try CacheReader(folder: root, recipe: sampleRecipe())
    for record in records { #expect(try reader.record(of: record.imageID) == record) }
    #expect(try reader.imageIDs() == ids)
    #expect(try RegionCache.verify(place, .full).isEmpty)
    return (repair.actions.map(\.kind), embedded, repair)
  }

  private func change(_ path: String, at offset: Int) throws {
    var data = try Files.read(path)
    data[offset] ^= 1
    try data.write(to: URL(filePath: path))
  }

  @Test func aSoundCacheIsLeftAlone() throws {
    try withCache { place, root in
      let (kinds, embedded, _) = try mend(place, root)
      #expect(kinds.isEmpty && embedded.isEmpty)
    }
  }

  @Test func ofADamagedShardTheSoundBlocksAreKept() throws {
    try withCache { place, root in
      let shard = try CacheShard(path: place.shard(1), in: place)
      #expect(shard.itemsPerBlock == [2, 2, 2, 2, 2])
      // The scores of block 1 and the boxes of block 3: images 2, 3, 6 and 7 of the shard.
      try change(place.shard(1), at: shard.frameBoundaries[1 + 5 + 3] - 8)
      try change(place.shard(1), at: shard.frameBoundaries[1 + 15 + 2] - 8)
      let bad = try Files.read(place.shard(1))
      let (kinds, embedded, repair) = try mend(place, root)
      #expect(kinds == [.salvaged, .quarantined, .queuedAgain])
      #expect(embedded == [24, 26, 32, 34])
      #expect(repair.actions[0].images == [20, 22, 28, 30, 36, 38])
      #expect(repair.actions[2].images == embedded)
      #expect(try Files.read("\(place.quarantine)/000001.zst") == bad)
    }
  }

  @Test func aShardBeyondReadingIsEmbeddedAgain() throws {
    try withCache { place, root in
      try Files.read(place.shard(2)).dropLast(100).write(to: URL(filePath: place.shard(2)))
      let (kinds, embedded, _) = try mend(place, root)
      #expect(kinds == [.quarantined, .queuedAgain])
      #expect(embedded == Array(ids[20..<30]))
    }
  }

  @Test func aLostShardIsEmbeddedAgain() throws {
    try withCache { place, root in
      unlink(place.shard(0))
      let (kinds, embedded, _) = try mend(place, root)
      #expect(kinds == [.queuedAgain])
      #expect(embedded == Array(ids[..<10]))
    }
  }

  @Test(arguments: ["deleted", "nonsense", "empty", "another cache's"])
  func aCatalogueOfNoUseIsRebuilt(how: String) throws {
    try withCache { place, root in
      switch how {
      case "deleted": unlink(place.catalogue)
      case "nonsense":
        try Data("x".utf8 + [UInt8](repeating: 7, count: 9999))
          .write(to: URL(filePath: place.catalogue))
      case "empty": try Data().write(to: URL(filePath: place.catalogue))
      default:
        let other = sampleRecipe(family: "align")
        try fill(root, [], recipe: other, unitSize: 1)
        try Files.read(CacheFolder(root: root, recipe: other).catalogue)
          .write(to: URL(filePath: place.catalogue))
      }
      #expect(try RegionCache.verify(place, .quick).contains { $0.kind == .damagedCatalogue })
      let (kinds, embedded, _) = try mend(place, root)
      #expect(kinds == [.rebuiltCatalogue] + [.adopted, .adopted, .adopted, .adopted])
      #expect(embedded.isEmpty)
      #expect(how == "deleted" || Files.exists("\(place.quarantine)/catalogue.sqlite"))
    }
  }

  @Test func aNewerCatalogueIsNotTouched() throws {
    try withCache { place, _ in
      try DatabaseQueue(path: place.catalogue).writeWithoutTransaction {
        try $0.execute(sql: "PRAGMA user_version = 99")
      }
      #expect(throws: InputError.self) { try RegionCache.repair(place) }
      #expect(throws: InputError.self) { try RegionCache.verify(place, .quick) }
      #expect(!Files.exists(place.quarantine))
    }
  }

  @Test(arguments: [
    "UPDATE location SET first_row = first_row + 1 WHERE image = 24",
    "UPDATE location SET block = 4 WHERE image = 20",
    "UPDATE location SET shard = 2 WHERE image = 24",
    "DELETE FROM location WHERE image = 24",
    "DELETE FROM location WHERE shard = 1",
    "UPDATE unit SET state = 'ready' WHERE id = 1",
    "DELETE FROM location WHERE shard = 1; DELETE FROM shard WHERE unit = 1",
    "UPDATE shard SET sha256 = replace(sha256, substr(sha256, 1, 4), 'abcd') WHERE unit = 1",
    "UPDATE summary SET usable = usable - 1",
    "DELETE FROM usable",
  ])
  func rowsThatContradictTheShardsAreCorrected(sql: String) throws {
    try withCache { place, root in
      try changeRows(of: place, sql)
      #expect(try !RegionCache.verify(place, .full).isEmpty)
      let (kinds, embedded, _) = try mend(place, root)
      #expect(Set(kinds).isSubset(of: [.correctedRows, .adopted]), "\(kinds)")
      #expect(embedded.isEmpty)
    }
  }

  @Test func strayShardsAreAdoptedOrMovedAway() throws {
    try withCache { place, root in
      // A copy under another name, a damaged orphan, one of another recipe, and a good one whose
      // images the catalogue knows nothing of.
      try Files.read(place.shard(0)).write(to: URL(filePath: place.shard(7)))
      var generator = SeededGenerator(state: 9)
      let more = [1, 3, 5].map { sampleRecord($0, regions: 35, using: &generator) }
      try writeShard(place.shard(8), [more[0], more[1]], number: 8, blockBytes: 400)
      let damaged = try CacheShard(path: place.shard(8), in: place)
      try change(place.shard(8), at: damaged.frameBoundaries[8] - 8)
      try writeShard(place.shard(9), [more[2]], recipe: sampleRecipe(family: "align"), number: 9)
      try writeShard(place.shard(10), [more[2]], number: 10)
      let repair = try RegionCache.repair(place)
      #expect(
        repair.actions.map(\.kind) == [
          .quarantined, .salvaged, .quarantined, .quarantined, .adopted,
        ])
      #expect(repair.actions[1].images == [1])
      #expect(repair.remaining.isEmpty)
      #expect(try RegionCache.verify(place, .full).isEmpty)
      let reader = try CacheReader(folder: root, recipe: sampleRecipe())
      #expect(try reader.record(of: 1) == more[0])
      #expect(try reader.record(of: 5) == more[2])
      #expect(throws: InputError.self) { try reader.record(of: 3) }
      #expect(try reader.imageIDs() == ([1, 5] + ids).sorted())
    }
  }

  @Test func besideWorkersOnlyWhatIsSafe() throws {
    try withCache { place, root in
      let cache = try RegionCache.open(
        folder: root, recipe: sampleRecipe(), imageIDs: ids + [101], unitSize: 10)
      var generator = SeededGenerator(state: 9)
      try writeShard(
        place.shard(9), [sampleRecord(99, regions: 3, using: &generator)], number: 9)
      #expect(try RegionCache.repair(place).actions.map(\.kind) == [.adopted])
      unlink(place.shard(0))
      for action in [
        { _ = try RegionCache.repair(place) }, { try RegionCache.reindex(place) },
      ] {
        let error = #expect(throws: InputError.self) { try action() }
        #expect(error?.kind == .tryAgain)
        #expect(error?.description.contains("workers are using the cache") == true)
      }
      try cache.close()
      #expect(try RegionCache.repair(place).actions.map(\.kind) == [.queuedAgain])
    }
  }

  @Test func garbageIsListedFirstAndOnlyGarbage() throws {
    try withCache { place, root in
      let gone = "other:\(getpid()):1:reboot:1"
      let (part, foreign) = (
        "\(place.path)/shards/000000.zst.1.\(gone).part",
        "\(place.path)/shards/000001.zst.1.elsewhere:4:5.part"
      )
      for path in [part, foreign, "\(place.path)/recipe.json.\(gone).part"] {
        try Data([1, 2, 3]).write(to: URL(filePath: path))
      }
      try FileManager.default.createDirectory(
        atPath: place.quarantine, withIntermediateDirectories: true)
      try Data([1, 2]).write(to: URL(filePath: "\(place.quarantine)/000003.zst"))
      let other = sampleRecipe(family: "align")
      try fill(root, [], recipe: other, unitSize: 1)
      let folders = try CacheFolder.all(in: root)
      var garbage = try RegionCache.garbage(in: folders)
      #expect(garbage.items.map(\.reason) == [.abandonedPart, .abandonedPart, .quarantined])
      #expect(garbage.bytes == 8 && !garbage.isRemoved)
      #expect(Files.exists(part))
      try garbage.remove()
      #expect(garbage.isRemoved && !Files.exists(part) && Files.exists(foreign))
      #expect(try RegionCache.garbage(in: folders).items.isEmpty)

      let mine = String(place.recipeHash.prefix(12))
      var unused = try RegionCache.garbage(in: folders, keeping: [mine])
      #expect(unused.items.map(\.path) == [CacheFolder(root: root, recipe: other).path])
      #expect(unused.items[0].bytes > 10_000)
      let cache = try RegionCache.open(folder: root, recipe: other, imageIDs: [1])
      #expect(throws: InputError.self) { try unused.remove() }
      try cache.close()
      try unused.remove()
      #expect(try CacheFolder.all(in: root).map(\.path) == [place.path])
      #expect(throws: InputError.self) {
        try RegionCache.garbage(in: folders, keeping: ["ffffffffffff"])
      }
      #expect(try RegionCache.verify(place, .full).isEmpty)
    }
  }
}
