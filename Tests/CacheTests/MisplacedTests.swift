import Cache
import Foundation
import GRDB
import Support
import TestSupport
import Testing

/// Files of a cache that lie where they do not belong, or do not lie there any more.
@Suite struct MisplacedTests {
  private let records = sampleRecords(16)
  private var ids: [Int] { records.map(\.imageID) }

  /// A complete cache of four shards.
  private func withCache(_ body: (CacheFolder, String, TrainingView) throws -> Void) throws {
    try withTemporaryFolder { root in
      try fill(root, records, unitSize: 4)
      let place = CacheFolder(root: root, recipe: sampleRecipe())
      try body(place, root, TrainingView(place))
    }
  }

  private func move(_ from: String, _ to: String) throws {
    try FileManager.default.moveItem(atPath: from, toPath: to)
  }

  /// Shard n gets the name of shard `names[n]`.
  private func rename(_ names: [Int: Int], in place: CacheFolder) throws {
    for from in names.keys { try move(place.shard(from), "\(place.shard(from)).moved") }
    for (from, to) in names { try move("\(place.shard(from)).moved", place.shard(to)) }
  }

  private func expectWhole(_ place: CacheFolder, _ view: TrainingView, _ what: String) throws {
    #expect(try RegionCache.verify(place, .full).isEmpty, "\(what)")
    #expect(try TrainingView(place) == view, "\(what)")
    let apart = (try? FileManager.default.contentsOfDirectory(atPath: place.quarantine)) ?? []
    #expect(!apart.contains { $0.hasSuffix(".zst") }, "\(what)")
  }

  @Test(arguments: [
    [0: 1, 1: 0], [0: 1, 1: 2, 2: 0], [0: 9], [3: 7, 1: 3], [0: 1, 1: 0, 2: 3, 3: 2],
  ])
  func shardsUnderOthersNames(names: [Int: Int]) throws {
    try withCache { place, root, view in
      try rename(names, in: place)
      let kinds = Set(try RegionCache.verify(place, .quick).map(\.kind))
      #expect(!kinds.isEmpty)
      #expect(kinds.isSubset(of: [.misplacedShard, .missingShard, .unknownShard]), "\(kinds)")
      let error = #expect(throws: InputError.self) { try TrainingView(place) }
      let line = error?.description ?? ""
      #expect(line.contains("is under another's name") || line.contains("No such file"), "\(line)")
      let repair = try RegionCache.repair(place)
      #expect(repair.actions.map(\.kind) == Array(repeating: .renamed, count: names.count))
      #expect(repair.actions.compactMap(\.shard) == names.keys.sorted())
      #expect(repair.remaining.isEmpty)
      try expectWhole(place, view, "\(names)")
    }
  }

  @Test func withoutACatalogueTheyAreAdopted() throws {
    try withCache { place, root, view in
      try rename([0: 2, 2: 0], in: place)
      unlink(place.catalogue)
      let error = #expect(throws: InputError.self) { try RegionCache.reindex(place) }
      #expect(error?.hint == "'vild cache repair' gives each shard its own name")
      let kinds = try RegionCache.repair(place).actions.map(\.kind)
      #expect(
        kinds == [.renamed, .renamed, .rebuiltCatalogue, .adopted, .adopted, .adopted, .adopted])
      try expectWhole(place, view, "adopted")
    }
  }

  /// As a repair leaves it that was killed between its two steps, or before the second name went.
  @Test func aBrokenOffRenamingGoesOn() throws {
    try withCache { place, root, view in
      try rename([0: 1, 1: 0], in: place)
      try move(place.shard(0), "\(place.shard(1)).aside")
      #expect(try RegionCache.repair(place).actions.map(\.kind) == [.renamed, .renamed])
      try expectWhole(place, view, "one aside")
      try move(place.shard(3), "\(place.shard(3)).aside")
      #expect(try RegionCache.repair(place).actions.map(\.kind) == [.renamed])
      try expectWhole(place, view, "the other one in its place")
      // Embedded again meanwhile: the older file is kept apart.
      try FileManager.default.copyItem(
        atPath: place.shard(2), toPath: "\(place.shard(2)).aside")
      #expect(try RegionCache.repair(place).actions.map(\.kind) == [.quarantined])
      #expect(Files.exists("\(place.quarantine)/000002.zst.aside"))
    }
  }

  /// The file of the log, or of its index, deleted after a kill: what it held is taken from the shards.
  @Test(arguments: [["-wal"], ["-shm"], ["-wal", "-shm"]])
  func aDeletedLog(endings: [String]) throws {
    try withCache { _, root, view in
      let cache = try RegionCache.open(
        folder: "\(root)/killed", recipe: sampleRecipe(), imageIDs: ids, unitSize: 4)
      for _ in 0..<2 {
        let unit = try #require(try cache.nextUnit())
        try cache.publish(
          unit, records: records.filter { unit.imageIDs.contains($0.imageID) })
      }
      // The log of an open catalogue, as a kill leaves it.
      try FileManager.default.copyItem(atPath: "\(root)/killed", toPath: "\(root)/left")
      try cache.close()
      let left = CacheFolder(root: "\(root)/left", recipe: sampleRecipe())
      #expect((Files.size(of: "\(left.catalogue)-wal") ?? 0) > 0)
      for ending in endings { unlink(left.catalogue + ending) }
      // One clear line at most, whatever is asked of it.
      do throws(InputError) {
        _ = try RegionCache.verify(left, .full)
      } catch {
        #expect(!error.description.contains("\n"))
      }
      let repair = try RegionCache.repair(left)
      #expect(repair.remaining.isEmpty, "\(repair)")
      try fill("\(root)/left", records, unitSize: 4)
      #expect(try TrainingView(left).records == view.records)
      #expect(try RegionCache.verify(left, .full).isEmpty)
    }
  }

  /// Of the same recipe, put there by mistake: with other images, and with the same in other shards.
  @Test(arguments: [true, false]) func anotherCachesCatalogue(isOfOtherImages: Bool) throws {
    try withCache { place, root, view in
      let others = isOfOtherImages ? sampleRecords(9, seed: 5).map(moved) : records.reversed()
      try fill("\(root)/other", others, unitSize: 3)
      let other = CacheFolder(root: "\(root)/other", recipe: sampleRecipe())
      try Files.read(other.catalogue).write(to: URL(filePath: place.catalogue))
      #expect(try !RegionCache.verify(place, .quick).isEmpty)
      let error = #expect(throws: InputError.self) { try TrainingView(place) }
      let line = error?.description ?? ""
      #expect(
        line.contains(isOfOtherImages ? "'vild cache repair'" : "No such file"), "\(line)")
      #expect(try RegionCache.repair(place).remaining.isEmpty)
      // What the wrong one wanted is not wanted here.
      let cache = try RegionCache.open(
        folder: root, recipe: sampleRecipe(), imageIDs: ids, unitSize: 4)
      try cache.withdraw(except: Set(ids))
      try cache.work { id in try #require(records.first { $0.imageID == id }) }
      try cache.close()
      #expect(try TrainingView(place).records == view.records)
      #expect(try RegionCache.verify(place, .full).isEmpty)
    }
  }

  /// A record of an image that the cache is not to hold.
  private func moved(_ record: CacheRecord) -> CacheRecord {
    var record = record
    record.imageID += 10_000
    return record
  }

  @Test func theRecipeIsCheckedAndMended() throws {
    try withCache { place, root, view in
      let good = try Files.read(place.recipeFile)
      for (number, position) in [5, good.count / 2, good.count - 3].enumerated() {
        var bad = good
        bad[position] ^= 4
        try bad.write(to: URL(filePath: place.recipeFile))
        for attempt in [
          { _ = try TrainingView(place) }, { _ = try RegionCache.verify(place, .quick) },
          { _ = try CacheFolder.all(in: root) }, { _ = try CacheFolder(place.path) },
        ] {
          let error = #expect(throws: InputError.self) { try attempt() }
          #expect(error?.kind == .badData)
          #expect(
            error?.description.hasPrefix(
              "\(place.recipeFile): the recipe does not have the checksum it was written with")
              == true, "\(error as Any)")
        }
        // From the catalogue, or where that is gone, from a shard; or the file is gone.
        if number == 1 { unlink(place.catalogue) }
        if number == 2 { unlink(place.recipeFile) }
        #expect(try CacheFolder.mendRecipe(of: place.path))
        #expect(try !CacheFolder.mendRecipe(of: place.path))
        #expect(try Files.read(place.recipeFile) == good)
        if number == 1 { try RegionCache.reindex(place) }
        try expectWhole(place, view, "byte \(position)")
      }
      for shard in 0..<4 { unlink(place.shard(shard)) }
      unlink(place.catalogue)
      unlink(place.recipeFile)
      #expect(throws: InputError.self) { try CacheFolder.mendRecipe(of: place.path) }
    }
  }

  /// A process of another container is not seen from here, and yet may be writing: a shard's part says
  /// whose it is, the recipe's is held by a lock.
  @Test func whatALivingWriterElsewhereWritesIsLeftAlone() throws {
    try withCache { place, _, view in
      let boot = LeaseClock.system.boot
      let elsewhere = "\(place.shard(8)).3.host:999999999:7:\(boot):1.part"
      let gone = "\(place.shard(8)).3.host:999999999:7:\(boot):\(try namespace()).part"
      let left = "\(place.recipeFile).999999998.part"
      for path in [elsewhere, gone, left] { try Data([1]).write(to: URL(filePath: path)) }
      let held = try Part(of: place.recipeFile)
      let garbage = Set(try RegionCache.garbage(in: [place]).items.map(\.path))
      #expect(garbage == [gone, left])
      #expect(try RegionCache.repair(place).actions.count == 2)
      for path in [elsewhere, held.path] { #expect(Files.exists(path)) }
      held.remove()
      try expectWhole(place, view, "parts")
    }
  }

  /// The digits of this process's namespace of process ids, as an owner's name has them.
  private func namespace() throws -> String {
    try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")
      .filter(\.isNumber)
  }
}
