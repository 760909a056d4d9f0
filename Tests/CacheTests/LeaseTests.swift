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
    _ root: String, _ clock: Clock, unitSize: Int = 3
  ) throws -> TeacherCache {
    try TeacherCache.open(
      CacheFolder(root: root, recipe: sampleRecipe()), imageIDs: ids, unitSize: unitSize,
      leaseSeconds: 100, clock: clock.lease)
  }

  private func publish(_ unit: WorkUnit, _ cache: TeacherCache) throws {
    try cache.publish(
      unit, records: unit.imageIDs.map { id in records.first { $0.imageID == id }! })
  }

  @Test func aLeaseLastsUntilItsTimeIsOver() throws {
    try withTemporaryFolder { root in
      let clock = Clock(boot: "one")
      let (slow, other) = (try open(root, clock), try open(root, clock))
      let unit = try #require(try slow.nextUnit())
      clock.advance(99)
      #expect(try other.nextUnit() == nil)
      // Kept alive, for far longer than a lease.
      for _ in 0..<20 {
        try slow.keep(unit)
        clock.advance(60)
      }
      #expect(try other.nextUnit() == nil)
      clock.advance(41)
      let taken = try #require(try other.nextUnit())
      #expect(taken.attempt == 2)
      clock.advance(30)
      let error = #expect(throws: InputError.self) { try slow.keep(unit) }
      #expect(slow.isLoss(try #require(error), of: unit))
      try publish(taken, other)
      #expect(try other.isComplete())
    }
  }

  /// The wall clock has no say: what a lease says of its end counts from the boot. A time that no
  /// lease may have, as the first release's Unix seconds, is void.
  @Test func noLeaseLivesForEver() throws {
    try withTemporaryFolder { root in
      let clock = Clock(boot: "one")
      let cache = try open(root, clock)
      _ = try #require(try cache.nextUnit())
      try DatabaseQueue(path: cache.folder.catalogue).write { db in
        let expires = try Double.fetchOne(db, sql: "SELECT expires FROM unit")
        #expect(expires == 1100)
        try db.execute(sql: "UPDATE unit SET expires = ?", arguments: [1.8e9])
      }
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
      #expect(try worker.nextUnit() == nil)
      // It ends this one as well: its row says so, and nobody tries again.
      let last = try open(root, Clock(boot: "e"))
      #expect(try last.nextUnit() == nil)
      let progress = try last.progress()
      #expect(progress.isComplete && progress.byStatus[.crashed] == 1)
      #expect(throws: InputError.self) { try publish(alone, worker) }
      #expect(try TeacherCache.verify(last.folder, .full).isEmpty)
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
