import Cache
import Foundation
import Regions
import Support
import TestSupport
import Testing

@Suite struct PublishTests {
  private let records = sampleRecords(12)
  private var ids: [Int] { records.map(\.imageID) }

  private func open(_ root: String, leaseSeconds: Double = 600) throws -> RegionCache {
    try RegionCache.open(
      folder: root, recipe: sampleRecipe(), imageIDs: ids, unitSize: 4, leaseSeconds: leaseSeconds)
  }

  private func records(of unit: WorkUnit) -> [CacheRecord] {
    unit.imageIDs.compactMap { id in records.first { $0.imageID == id } }
  }

  @Test func unitsAreLeasedOncePublishedOnceAndCounted() throws {
    try withTemporaryFolder { root in
      let cache = try open(root)
      let units = try (0..<3).map { _ in try #require(try cache.nextUnit()) }
      #expect(units.map(\.id) == [0, 1, 2])
      #expect(units.flatMap(\.imageIDs) == ids)
      #expect(units.map(\.attempt) == [1, 1, 1])
      #expect(try cache.nextUnit() == nil)
      try cache.release(units[1])
      #expect(try cache.nextUnit()?.imageIDs == units[1].imageIDs)
      try cache.publish(units[0], records: records(of: units[0]))
      let progress = try cache.progress()
      #expect(progress.done == 4)
      #expect(progress.total == 12)
      #expect(progress.byStatus == [.ok: 3, .noProposals: 1])
      #expect(try !cache.isComplete())
      // Opening again with other images adds them; what is done stays done.
      let more = try RegionCache.open(
        folder: root, recipe: sampleRecipe(), imageIDs: ids + [1, 2], unitSize: 4)
      #expect(try more.progress().total == 14)
      #expect(try more.nextUnit()?.imageIDs == [1, 2])
      #expect(throws: InputError.self) {
        try RegionCache.open(folder: root, recipe: sampleRecipe(), imageIDs: [5, 6, 5])
      }
    }
  }

  @Test func anExpiredLeaseIsTakenOverAndFencedOff() throws {
    try withTemporaryFolder { root in
      let slow = try open(root, leaseSeconds: -1)
      let fast = try open(root)
      let lost = try #require(try slow.nextUnit())
      // What nobody tried before comes first.
      let fresh = try (0..<2).map { _ in try #require(try fast.nextUnit()).id }
      #expect(fresh == [1, 2])
      let taken = try #require(try fast.nextUnit())
      #expect(taken.id == lost.id)
      #expect(taken.attempt == 2)
      for action in [
        { try slow.extend(lost) }, { try slow.publish(lost, records: records(of: lost)) },
      ] {
        let error = #expect(throws: InputError.self) { try action() }
        #expect(error?.kind == .tryAgain)
      }
      try slow.release(lost)
      try fast.publish(taken, records: records(of: taken))
      #expect(try fast.progress().done == 4)
    }
  }

  @Test func anotherRecipeIsAnotherCacheAndRefusedByReaders() throws {
    try withTemporaryFolder { root in
      try fill(root, records, unitSize: 4)
      let other = sampleRecipe(family: "align")
      let error = #expect(throws: InputError.self) {
        try CacheReader(folder: root, recipe: other)
      }
      let text = try #require(error?.description)
      #expect(text.contains(sampleRecipe().hash))
      #expect(text.contains(other.hash))
      #expect(text.contains(#"teacher.family: "clip" or "align""#))
      // A shard carried over from the other cache is refused the same way.
      try fill(root, records, recipe: other, unitSize: 4)
      let places = try CacheFolder.all(in: root)
      #expect(Set(places.map(\.recipe.hash)) == [sampleRecipe().hash, other.hash])
      let mine = CacheFolder(root: root, recipe: sampleRecipe())
      try FileManager.default.copyItem(
        atPath: CacheFolder(root: root, recipe: other).shard(1), toPath: mine.shard(9))
      let refusal = #expect(throws: InputError.self) { try open(root) }
      #expect(refusal?.description.contains(other.hash) == true)
      #expect(refusal?.description.contains("000009.zst") == true)
      #expect(throws: InputError.self) {
        try CacheReader(folder: "\(root)/nowhere", recipe: other)
      }
    }
  }

  @Test func aWholeShardWithoutARowIsAdopted() throws {
    try withTemporaryFolder { root in
      let cache = try open(root)
      // As if the process had died between the rename and the commit.
      try writeShard(cache.folder.shard(1), Array(records[4..<8]), number: 1)
      let again = try open(root)
      #expect(try again.progress().done == 4)
      let rest = try (0..<2).map { _ in try #require(try again.nextUnit()).id }
      #expect(rest == [0, 2])
      #expect(try RegionCache.verify(cache.folder, .full).isEmpty)
    }
  }

  @Test func aDamagedShardWithoutARowIsAnError() throws {
    try withTemporaryFolder { root in
      let cache = try open(root)
      let path = cache.folder.shard(1)
      try writeShard(path, Array(records[4..<8]), number: 1)
      var bad = try Files.read(path)
      bad[bad.count / 2] ^= 1
      try bad.write(to: URL(filePath: path))
      let error = #expect(throws: InputError.self) { try open(root) }
      #expect(error?.description.contains("000001.zst") == true)
    }
  }

  @Test func anExistingShardMustSayTheSame() throws {
    try withTemporaryFolder { root in
      let cache = try open(root)
      let first = try #require(try cache.nextUnit())
      try writeShard(cache.folder.shard(0), records(of: first))
      try cache.publish(first, records: records(of: first))
      #expect(try cache.progress().done == 4)

      let second = try #require(try cache.nextUnit())
      var others = records(of: second)
      var regions = others[1].regions.regions
      regions[0].score = 0.5
      others[1].regions = EmbeddedRegions(regions, vectors: others[1].regions.vectors)
      try writeShard(cache.folder.shard(1), others, number: 1)
      let before = try Files.read(cache.folder.shard(1))
      let error = #expect(throws: InputError.self) {
        try cache.publish(second, records: records(of: second))
      }
      #expect(error?.kind == .badData)
      #expect(try Files.read(cache.folder.shard(1)) == before)
      #expect(try cache.progress().done == 4)
      #expect(try files(cache.folder).allSatisfy { !$0.hasSuffix(".part") })
    }
  }

  private func files(_ place: CacheFolder) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(place.path)/shards")
  }

  @Test func partsOfDeadWritersAreRemovedOthersStay() throws {
    try withTemporaryFolder { root in
      let cache = try open(root)
      let host = ProcessInfo.processInfo.hostName
      let own = "\(cache.ownerName)"
      let gone = own.split(separator: ":")[0] + ":\(getpid()):1"
      let names = [
        "000000.zst.1.\(gone).part", "000001.zst.1.\(own).part",
        "000002.zst.1.elsewhere.example:4:5.part",
      ]
      for name in names {
        try Data([1]).write(to: URL(filePath: "\(cache.folder.path)/shards/\(name)"))
      }
      _ = try open(root)
      #expect(try files(cache.folder).sorted() == names.dropFirst().sorted(), "\(host)")
    }
  }

  @Test func aFullDiskGivesTheUnitBack() throws {
    try withTemporaryFolder { root in
      let mount = try run("mount", ["-t", "tmpfs", "-o", "size=400k", "tmpfs", root])
      guard mount?.code == 0 else {
        FileHandle.standardError.write(Data("SKIPPED: a full disk needs the right to mount\n".utf8))
        return
      }
      defer { _ = try? run("umount", [root]) }
      let cache = try open(root)
      let unit = try #require(try cache.nextUnit())
      let error = #expect(throws: InputError.self) {
        try cache.publish(unit, records: records(of: unit))
      }
      #expect(error?.kind == .tryAgain)
      #expect(try cache.nextUnit()?.attempt == 1)
      // The disk fills up while the file is being written.
      var generator = SeededGenerator(state: 1)
      let big = sampleRecord(1, regions: 600, dimension: 1024, using: &generator)
      let failure = #expect(throws: InputError.self) {
        try writeShard("\(root)/big.zst", [big, big], recipe: sampleRecipe(dimension: 1024))
      }
      #expect(failure?.kind == .tryAgain)
      #expect(!Files.exists("\(root)/big.zst"))
    }
  }

  @Test func severalThreadsShareACache() async throws {
    let root = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
    defer { try? FileManager.default.removeItem(atPath: root) }
    let cache = try RegionCache.open(
      folder: root, recipe: sampleRecipe(), imageIDs: ids, unitSize: 1)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<3 {
        group.addTask {
          while let unit = try cache.nextUnit() {
            try cache.publish(unit, records: self.records(of: unit))
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try cache.isComplete())
    let reader = try CacheReader(folder: root, recipe: sampleRecipe())
    try await withThrowingTaskGroup(of: Void.self) { group in
      for offset in 0..<4 {
        group.addTask {
          for i in 0..<100 {
            let record = self.records[(i * 5 + offset) % self.records.count]
            let read = try reader.record(of: record.imageID)
            #expect(read == record)
          }
        }
      }
      try await group.waitForAll()
    }
  }
}
