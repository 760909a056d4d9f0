import Cache
import Foundation
import Regions
import Support
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// Parts of a cache that several machines make, each on its own disk, and put into one pool: together
/// they are the cache of one process, whatever happens to them.
@Suite struct PoolTests {
  private let records = sampleRecords(43)
  private let size = 4
  private var ids: [Int] { records.map(\.imageID) }
  private var plan: UnitPlan { UnitPlan(ids, size: size) }

  private func pool(_ root: String, by publication: Publication = .system) -> ShardPool {
    ShardPool(root: "\(root)/pool", recipe: sampleRecipe(), by: publication)
  }

  private func record(_ id: Int) throws -> CacheRecord {
    try #require(records.first { $0.imageID == id })
  }

  /// Works off a part on a machine of its own.
  ///
  /// - Parameters:
  ///   - machine: the folder of its disk.
  ///   - images: after so many the machine ends, having put what is done into the pool or not.
  private func run(
    _ part: WorkPart, _ root: String, on machine: String, by publication: Publication = .system,
    stoppingAfter images: Int = .max, isKilled: Bool = false
  ) throws {
    let open = try PoolPart(part, of: plan, in: pool(root, by: publication))
    let folder = CacheFolder(root: "\(root)/\(machine)", recipe: sampleRecipe())
    let cache = try RegionCache.open(
      folder: "\(root)/\(machine)", recipe: sampleRecipe(), imageIDs: open.images, unitSize: 3
    ) { () throws(InputError) in try open.publish(from: folder) }
    _ = try open.adoptBegun(into: cache)
    try open.publish(from: folder)
    var left = images
    try cache.work(isStopped: { left <= 0 }) { id in
      left -= 1
      return try record(id)
    }
    if isKilled { return }
    try open.publish(from: folder)
    try open.publishBegun(from: folder)
    #expect(open.missing.isEmpty || images < .max)
    try cache.close()
  }

  /// Brings the pool together and compares it with the cache of one process.
  private func expectWhole(
    _ root: String, _ comment: Comment? = nil, location: SourceLocation = #_sourceLocation
  ) throws {
    if !Files.exists("\(root)/one") { try fill("\(root)/one", records, unitSize: size) }
    let one = CacheFolder(root: "\(root)/one", recipe: sampleRecipe())
    let merged = CacheFolder(
      root: "\(root)/merged-\(UUID().uuidString)", recipe: sampleRecipe())
    let found = try RegionCache.merge(pool: pool(root), of: plan, into: merged)
    #expect(found.missing.isEmpty && found.units == 11, comment, sourceLocation: location)
    #expect(found.merge.images == 43 && found.merge.shardsTaken == 11, sourceLocation: location)
    #expect(
      try CacheReader(merged).contentHash() == CacheReader(one).contentHash(), comment,
      sourceLocation: location)
    #expect(
      try TrainingView(merged) == TrainingView(one), comment, sourceLocation: location)
    for unit in 0..<plan.count {
      #expect(
        try Files.read(merged.shard(unit)) == Files.read(one.shard(unit)), comment,
        sourceLocation: location)
    }
    #expect(try RegionCache.verify(merged, .full).isEmpty, sourceLocation: location)
    // A second time there is nothing to add.
    let again = try RegionCache.merge(pool: pool(root), of: plan, into: merged)
    #expect(again.merge.images == 0 && again.merge.imagesInBoth == 43, sourceLocation: location)
  }

  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  @Test func unitsOfParts() {
    #expect(plan.count == 11)
    #expect(plan.units(of: WorkPart(2, of: 4)) == [2, 6, 10])
    #expect(plan.units(of: WorkPart(0, of: 1)) == Array(0..<11))
    #expect(plan.units(of: WorkPart(15, of: 20)).isEmpty)
    for count in [1, 2, 3, 7, 11, 30] {
      let units = (0..<count).flatMap { plan.units(of: WorkPart($0, of: count)) }
      #expect(units.sorted() == Array(0..<11))
    }
    #expect(UnitPlan([], size: 4).count == 0)
    #expect(WorkPart.list([7, 3, 4, 5, 1, 3]) == "1,3-5,7" && WorkPart.list([]).isEmpty)
    #expect(WorkPart(3, of: 8).description == "3/8")
  }

  @Test(arguments: [1, 2, 4, 7, 20]) func asManyPartsAsOneLikes(count: Int) throws {
    try withTemporaryFolder { root in
      for part in (0..<count).shuffled() {
        try run(WorkPart(part, of: count), root, on: "machine \(part)")
      }
      try expectWhole(root)
      #expect(try names("\(pool(root).folder.path)/begun").isEmpty)
    }
  }

  /// What the mounts of object stores cannot do.
  @Test(arguments: [ENOTSUP, EIO], [true, false])
  func withoutLinks(code: Int32, renames: Bool) throws {
    try withTemporaryFolder { root in
      let publication = Publication(
        link: { _, _ in code },
        rename: { renames ? rename($0, $1) == 0 ? 0 : errno : ENOSYS })
      for part in 0..<3 { try run(WorkPart(part, of: 3), root, on: "\(part)", by: publication) }
      try expectWhole(root)
      #expect(try names(pool(root).folder.shards).allSatisfy { $0.hasSuffix(".zst") })
    }
  }

  /// Stopped, it leaves what is done, and another machine goes on from there; killed, it does not, and
  /// another machine begins again. The number of parts may change.
  @Test(arguments: [false, true]) func endedAndStartedAgainElsewhere(isKilled: Bool) throws {
    try withTemporaryFolder { root in
      for images in [2, 3, 5, 7] {
        for part in 0..<2 {
          try run(
            WorkPart(part, of: 2), root, on: "\(images) \(part)", stoppingAfter: images,
            isKilled: isKilled)
        }
      }
      let begun = "\(pool(root).folder.path)/begun"
      #expect(try names(begun).isEmpty == isKilled)
      // On the same disk as the last one, and on others.
      try run(WorkPart(0, of: 2), root, on: "7 0")
      for part in 0..<3 { try run(WorkPart(part, of: 3), root, on: "new \(part)") }
      try expectWhole(root)
      #expect(try names(begun).isEmpty)
    }
  }

  /// What is done of a unit is not done again.
  @Test func begunUnitsAreTakenOver() throws {
    try withTemporaryFolder { root in
      try run(WorkPart(0, of: 2), root, on: "a", stoppingAfter: 6)
      let open = try PoolPart(WorkPart(0, of: 2), of: plan, in: pool(root))
      #expect(open.missing == [2, 4, 6, 8, 10])
      let cache = try RegionCache.open(
        folder: "\(root)/b", recipe: sampleRecipe(), imageIDs: open.images, unitSize: 3)
      #expect(try open.adoptBegun(into: cache) == 2)
      #expect(try cache.progress().done == 2)
      #expect(try open.adoptBegun(into: cache) == 0)
      try cache.close()
      // One that is damaged is passed over.
      let begun = "\(pool(root).folder.path)/begun"
      let path = "\(begun)/\(try #require(names(begun).first))"
      var bytes = try Files.read(path)
      bytes[bytes.count / 2] ^= 1
      try bytes.write(to: URL(filePath: path))
      let other = try RegionCache.open(
        folder: "\(root)/c", recipe: sampleRecipe(), imageIDs: open.images, unitSize: 3)
      #expect(try open.adoptBegun(into: other) == 0)
    }
  }

  @Test func onePartTwiceAtOnce() async throws {
    let root = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
    defer { try? FileManager.default.removeItem(atPath: root) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for machine in 0..<4 {
        group.addTask { try self.run(WorkPart(machine % 2, of: 2), root, on: "\(machine)") }
      }
      try await group.waitForAll()
    }
    try expectWhole(root)
  }

  @Test func otherContentIsAnError() throws {
    try withTemporaryFolder { root in
      try run(WorkPart(0, of: 2), root, on: "a")
      let pool = pool(root)
      // The first machine looked at the pool before the other one put its own there.
      let late = try PoolPart(WorkPart(1, of: 2), of: plan, in: pool)
      var others = records[4..<8].map(\.self)
      others[1].content = String(repeating: "d", count: 64)
      try writeShard(pool.folder.shard(1), others, number: 1)
      let before = try Files.read(pool.folder.shard(1))
      let cache = try RegionCache.open(
        folder: "\(root)/b", recipe: sampleRecipe(), imageIDs: late.images, unitSize: 3)
      try cache.work { try record($0) }
      let error = #expect(throws: InputError.self) { try late.publish(from: cache.folder) }
      #expect(error?.kind == .badData)
      #expect(error?.description.contains("000001.zst: another shard is already in") == true)
      #expect(try Files.read(pool.folder.shard(1)) == before)
      #expect(try names(pool.folder.shards).allSatisfy { $0.hasSuffix(".zst") })
      // Equal content in other bytes is fine.
      unlink(pool.folder.shard(1))
      try writeShard(pool.folder.shard(1), Array(records[4..<8]), number: 1, blockBytes: 1)
      try late.publish(from: cache.folder)
      #expect(late.missing.isEmpty)
    }
  }

  @Test func foreignAndDamagedShards() throws {
    try withTemporaryFolder { root in
      for part in 0..<2 { try run(WorkPart(part, of: 2), root, on: "\(part)") }
      let pool = pool(root)
      let merged = CacheFolder(root: "\(root)/merged", recipe: sampleRecipe())
      // Of a list with one image more.
      let longer = UnitPlan([1] + ids, size: size)
      for action in [
        { _ = try PoolPart(WorkPart(0, of: 2), of: longer, in: pool) },
        { _ = try RegionCache.merge(pool: pool, of: longer, into: merged) },
      ] {
        let error = #expect(throws: InputError.self) { try action() }
        #expect(error?.kind == .badData)
        #expect(error?.description.contains("other images than those of its unit") == true)
      }
      let whole = try Files.read(pool.folder.shard(4))
      var bytes = whole
      bytes[bytes.count / 2] ^= 1
      try bytes.write(to: URL(filePath: pool.folder.shard(4)))
      for action in [
        { _ = try PoolPart(WorkPart(0, of: 2), of: plan, in: pool) },
        { _ = try RegionCache.merge(pool: pool, of: plan, into: merged) },
      ] {
        let error = #expect(throws: InputError.self) { try action() }
        #expect(error?.kind == .badData)
        #expect(error?.description.contains("000004.zst") == true)
        #expect(error?.hint?.contains("the part of unit 4 again") == true)
      }
      try whole.write(to: URL(filePath: pool.folder.shard(4)))
      try expectWhole(root)
    }
  }

  @Test func whatIsMissingIsNamed() throws {
    try withTemporaryFolder { root in
      let merged = CacheFolder(root: "\(root)/merged", recipe: sampleRecipe())
      let none = #expect(throws: InputError.self) {
        try RegionCache.merge(pool: pool(root), of: plan, into: merged)
      }
      #expect(none?.kind == .missingInput && none?.description.contains("no such pool") == true)
      for part in [0, 2] { try run(WorkPart(part, of: 4), root, on: "\(part)") }
      let found = try RegionCache.merge(pool: pool(root), of: plan, into: merged)
      #expect(found.missing == [1, 3, 5, 7, 9] && found.merge.shardsTaken == 6)
      #expect(try CacheReader(merged).progress().total == 43)
      // The rest of it comes later, into the same places.
      for part in [1, 3] { try run(WorkPart(part, of: 4), root, on: "\(part)") }
      let rest = try RegionCache.merge(pool: pool(root), of: plan, into: merged)
      #expect(rest.missing.isEmpty && rest.merge.shardsTaken == 5)
      #expect(try names(merged.shards).count == 11)
      try expectWhole(root)
      // Other recipes are told from none.
      let other = ShardPool(root: "\(root)/pool", recipe: sampleRecipe(family: "align"))
      let error = #expect(throws: InputError.self) {
        try RegionCache.merge(
          pool: other, of: plan,
          into: CacheFolder(root: "\(root)/merged", recipe: sampleRecipe(family: "align")))
      }
      #expect(error?.description.contains("teacher.family") == true)
    }
  }

  /// Only what a process of this machine left that has ended: nobody else's is known here.
  @Test func unfinishedFilesOfOtherMachinesStay() throws {
    try withTemporaryFolder { root in
      try run(WorkPart(0, of: 2), root, on: "a")
      let shards = pool(root).folder.shards
      let cache = try RegionCache.open(
        folder: "\(root)/b", recipe: sampleRecipe(), imageIDs: ids, unitSize: 3)
      let own = cache.ownerName.split(separator: ":").map(String.init)
      let living = "000001.zst.0.\(cache.ownerName).part"
      let gone = "000001.zst.0.\(own[0]):\(own[1]):1:\(own[3]):\(own[4]).part"
      let elsewhere = "000001.zst.0.node7:\(own[1]):1:0badb007:\(own[4]).part"
      for name in [living, gone, elsewhere] {
        try Data([1]).write(to: URL(filePath: "\(shards)/\(name)"))
      }
      _ = try PoolPart(WorkPart(0, of: 2), of: plan, in: pool(root))
      let left = try names(shards).filter { $0.hasSuffix(".part") }
      #expect(left == [living, elsewhere].sorted())
    }
  }
}
