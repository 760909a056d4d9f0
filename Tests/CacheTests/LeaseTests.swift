import Cache
import Foundation
import GRDB
import Support
import Synchronization
import TestSupport
import Testing

/// Leases under clocks that jump, reboots, and units that end their workers.
@Suite struct LeaseTests {
  /// A clock that a test sets.
  private final class Clock: Sendable {
    private let seconds = Mutex(1000.0)
    let boot: String

    init(boot: String) { self.boot = boot }

    var lease: LeaseClock { LeaseClock(boot: boot) { self.seconds.withLock(\.self) } }

    func advance(_ by: Double) { seconds.withLock { $0 += by } }
  }

  private let records = sampleRecords(3)
  private var ids: [Int] { records.map(\.imageID) }

  private func open(
    _ root: String, _ clock: Clock, of images: [Int]? = nil, unitSize: Int = 3
  ) throws -> RegionCache {
    try RegionCache.open(
      CacheFolder(root: root, recipe: sampleRecipe()), imageIDs: images ?? ids, unitSize: unitSize,
      leaseSeconds: 100, clock: clock.lease)
  }

  private func publish(_ unit: WorkUnit, _ cache: RegionCache) throws {
    try cache.publish(
      unit, records: unit.imageIDs.map { id in records.first { $0.imageID == id }! })
  }

  /// The two processes' clocks have nothing to do with each other, as in two containers: what counts
  /// is how long the one has seen no sign of life of the other.
  @Test func aLeaseLastsUntilItsHolderIsSilent() throws {
    try withTemporaryFolder { root in
      let (clock, mine) = (Clock(boot: "one"), Clock(boot: "one"))
      mine.advance(1e7)
      let (slow, other) = (try open(root, clock), try open(root, mine))
      let unit = try #require(try slow.nextUnit())
      #expect(try other.nextUnit() == nil)
      mine.advance(99)
      #expect(try other.nextUnit() == nil)
      // Kept alive, for far longer than a lease.
      for _ in 0..<20 {
        clock.advance(60)
        try slow.keep(unit)
        mine.advance(60)
        #expect(try other.nextUnit() == nil)
      }
      mine.advance(99)
      #expect(try other.nextUnit() == nil)
      mine.advance(1)
      let taken = try #require(try other.nextUnit())
      #expect(taken.attempt == 2)
      clock.advance(30)
      let error = #expect(throws: InputError.self) { try slow.keep(unit) }
      #expect(slow.isLoss(try #require(error), of: unit))
      try publish(taken, other)
      #expect(try other.isComplete())
    }
  }

  /// A silence that no lease may have is void.
  @Test func noLeaseLivesForEver() throws {
    try withTemporaryFolder { root in
      let cache = try open(root, Clock(boot: "one"))
      _ = try #require(try cache.nextUnit())
      #expect(try cache.nextUnit() == nil)
      let silence = try DatabaseQueue(path: cache.folder.catalogue).read {
        try Double.fetchOne($0, sql: "SELECT silence FROM unit")
      }
      #expect(silence == 100)
      try changeRows(of: cache.folder, "UPDATE unit SET silence = 1.8e9")
      #expect(try cache.nextUnit() != nil)
    }
  }

  @Test func aRebootVoidsAllLeases() throws {
    try withTemporaryFolder { root in
      let before = try open(root, Clock(boot: "one"))
      let lost = try #require(try before.nextUnit())
      let after = try open(root, Clock(boot: "two"))
      let taken = try #require(try after.nextUnit())
      #expect((taken.id, taken.attempt) == (lost.id, 2))
      #expect(throws: InputError.self) { try publish(lost, before) }
    }
  }

  /// Each boot stands for a worker that dies with what it holds.
  @Test func aUnitThatEndsItsWorkersIsTriedImageByImage() throws {
    try withTemporaryFolder { root in
      let first = try #require(try open(root, Clock(boot: "a")).nextUnit())
      #expect(first.imageIDs == ids)
      #expect(try open(root, Clock(boot: "b")).nextUnit()?.attempt == 2)
      // Two workers gone: units of one image.
      let suspect = try #require(try open(root, Clock(boot: "c")).nextUnit())
      #expect((suspect.imageIDs, suspect.attempt) == ([ids[0]], 1))
      #expect(suspect.id != first.id)
      // What has cost nobody comes first, side by side; the suspect waits until it can be alone.
      let worker = try open(root, Clock(boot: "d"))
      let units = try (0..<2).map { _ in try #require(try worker.nextUnit()) }
      #expect(units.map(\.imageIDs) == [[ids[1]], [ids[2]]])
      #expect(try worker.nextUnit() == nil)
      for unit in units { try publish(unit, worker) }
      let alone = try #require(try worker.nextUnit())
      #expect((alone.imageIDs, alone.attempt) == ([ids[0]], 2))
      try worker.begin(alone)
      #expect(try worker.nextUnit() == nil)
      // It ends this one as well, and the next, both alone with it: its row says so.
      let next = try open(root, Clock(boot: "e"))
      let again = try #require(try next.nextUnit())
      #expect((again.imageIDs, again.attempt) == ([ids[0]], 3))
      try next.begin(again)
      let last = try open(root, Clock(boot: "f"))
      #expect(try last.nextUnit() == nil)
      let progress = try last.progress()
      #expect(progress.isComplete && progress.byStatus[.crashed] == 1)
      #expect(throws: InputError.self) { try publish(alone, worker) }
      #expect(try RegionCache.verify(last.folder, .full).isEmpty)
    }
  }

  /// Whoever is killed with several things in work, or once alone, or alone but not twice in a row,
  /// says nothing about an image.
  @Test func onlyDeathsInARowAndAloneCount() throws {
    try withTemporaryFolder { root in
      var boots = 0
      func worker() throws -> RegionCache {
        boots += 1
        return try open(root, Clock(boot: "boot \(boots)"), unitSize: 1)
      }
      // Each dies with all three images in its hands.
      let first = try worker()
      let held = try (0..<3).compactMap { _ in try first.nextUnit()?.imageIDs }
      #expect(held == ids.map { [$0] })
      // From here on each image is tried alone: every other worker dies.
      for _ in 0..<6 {
        let dies = try worker()
        let unit = try #require(try dies.nextUnit())
        try dies.begin(unit)
        #expect(try dies.nextUnit() == nil, "nothing beside \(unit.imageIDs)")
        // Whoever comes next gets what was tried least, and gives everything back.
        let stops = try worker()
        var units: [WorkUnit] = []
        for _ in 0..<3 {
          let unit = try #require(try stops.nextUnit())
          units.append(unit)
          try stops.release(unit)
        }
      }
      let last = try worker()
      #expect(try last.progress().done == 0)
      while let unit = try last.nextUnit() { try publish(unit, last) }
      #expect(try last.progress().byStatus[.crashed] == nil)
      #expect(try last.isComplete())
    }
  }

  @Test func aGivenBackUnitIsNoSuspect() throws {
    try withTemporaryFolder { root in
      let cache = try open(root, Clock(boot: "a"))
      for _ in 0..<5 {
        let unit = try #require(try cache.nextUnit())
        #expect((unit.attempt, unit.imageIDs) == (1, ids))
        try cache.release(unit)
      }
    }
  }

  /// What ends its process is to be found out: nothing else may be in work there.
  @Test func whoHoldsASuspectGetsNothingBesideIt() throws {
    try withTemporaryFolder { root in
      let mine = Clock(boot: "one")
      let dead = try open(root, Clock(boot: "one"), of: [ids[0]])
      let cache = try open(root, mine, of: [ids[0]])
      let lost = try #require(try dead.nextUnit())
      #expect(try cache.nextUnit() == nil)
      mine.advance(100)
      let suspect = try #require(try cache.nextUnit())
      #expect(suspect.imageIDs == lost.imageIDs)
      _ = try open(root, mine, of: ids)
      #expect(try cache.nextUnit() == nil)
      try publish(suspect, cache)
      #expect(try cache.nextUnit()?.imageIDs == Array(ids[1...]))
    }
  }

  @Test func workersOfOneCacheShareTheWork() throws {
    try withTemporaryFolder { root in
      let cache = try open(root, Clock(boot: "a"), unitSize: 1)
      var published: [Int] = []
      try cache.work(
        isStopped: { published.count == 2 },
        record: { id in records.first { $0.imageID == id }! },
        published: { unit, _ in published += unit.imageIDs })
      #expect(published == Array(ids[..<2]))
      struct Failed: Error {}
      #expect(throws: Failed.self) { try cache.work { _ in throw Failed() } }
      #expect(try cache.nextUnit()?.attempt == 1)
    }
  }

  @Test func networkFileSystemsAreKnownByTheirMounts() {
    let mounts = """
      /dev/sda1 / ext4 rw 0 0
      server:/data /data nfs4 rw 0 0
      /dev/sdb1 /data/local\\040disk xfs rw 0 0
      host: /home/me/far fuse.sshfs rw 0 0
      """
    for (path, type, isNetwork) in [
      ("/srv/cache", "ext4", false), ("/data/cache", "nfs4", true), ("/database", "ext4", false),
      ("/data/local disk/cache", "xfs", false), ("/home/me/far", "fuse.sshfs", true),
    ] {
      #expect(FileSystem.mountedType(of: path, mounts: mounts) == type)
      #expect(FileSystem.isNetwork(type) == isNetwork)
    }
    #expect(!FileSystem.isNetwork("tmpfs") && !FileSystem.isNetwork("fuseblk"))
  }
}
