import Cache
import Foundation
import GRDB
import Support
import Synchronization
import TestSupport
import Testing

/// Workers that are ended from outside, again and again, and clocks that have nothing to do with each
/// other: no image is blamed for either.
@Suite struct KilledWorkersTests {
  /// The one that passes for everybody.
  private final class Time: Sendable {
    let seconds = Mutex(2e8)
  }

  private let records = sampleRecords(20)
  private var ids: [Int] { records.map(\.imageID) }

  /// A worker of its own boot: once it is dropped, the next one takes it for dead.
  private func worker(_ root: String, _ boot: Int) throws -> RegionCache {
    try RegionCache.open(
      CacheFolder(root: root, recipe: sampleRecipe()), imageIDs: ids, unitSize: 5,
      clock: LeaseClock(boot: "boot \(boot)") { 0 })
  }

  private func rows(_ root: String) throws -> [String: Int] {
    try RegionCache.statistics(CacheFolder(root: root, recipe: sampleRecipe())).imagesByStatus
  }

  /// Embeds what is left, which is everything unless images were blamed.
  private func finish(_ root: String, _ boot: Int) throws {
    let cache = try worker(root, boot)
    try cache.work { id in try #require(records.first { $0.imageID == id }) }
    #expect(try cache.isComplete())
    try cache.close()
    let reader = try CacheReader(folder: root, recipe: sampleRecipe())
    for record in records { #expect(try reader.record(of: record.imageID) == record) }
  }

  /// Killed just as it holds a lease, before an image is begun: alone with one as well as with as many
  /// units as there are.
  @Test(arguments: [1, 3, 20]) func killedAsALeaseIsTaken(leases: Int) throws {
    try withTemporaryFolder { root in
      for kill in 0..<60 {
        let cache = try worker(root, kill)
        for _ in 0..<leases {
          guard try cache.nextUnit() != nil else { break }
        }
        #expect(try cache.progress().done == 0, "kill \(kill)")
      }
      #expect(try rows(root).isEmpty)
      try finish(root, 60)
    }
  }

  /// Killed at some moment of its work, which goes on a little each time. An image that is killed with
  /// its worker while it is alone is tried once more, and not blamed for the first.
  @Test func killedWhileWorking() throws {
    try withTemporaryFolder { root in
      var mutator = Mutator(seed: 50)
      var killed: [Int: Int] = [:]
      for kill in 0..<50 {
        let cache = try worker(root, kill)
        var left = mutator.below(6)
        while left > 0, let unit = try cache.nextUnit() {
          var made: [CacheRecord] = []
          for image in unit.imageIDs where left > 0 {
            try cache.begin(unit)
            left -= 1
            let isSpared = killed[image, default: 0] > 0
            if left > 0 || isSpared {
              made.append(try #require(records.first { $0.imageID == image }))
            } else {
              killed[image, default: 0] += 1
            }
          }
          if made.count == unit.imageIDs.count { try cache.publish(unit, records: made) }
        }
      }
      let crashed = try rows(root)["crashed"] ?? 0
      #expect(crashed == records.count { $0.status == .crashed })
      try finish(root, 50)
    }
  }

  /// What does end its worker is blamed as before: twice in a row, begun and alone.
  @Test func anImageThatEndsItsWorkersIsBlamed() throws {
    try withTemporaryFolder { root in
      let poison = ids[7]
      var deaths = 0
      while deaths < 20 {
        let cache = try worker(root, deaths)
        var hasDied = false
        while !hasDied, let unit = try cache.nextUnit() {
          for _ in unit.imageIDs { try cache.begin(unit) }
          hasDied = unit.imageIDs.contains(poison)
          if !hasDied {
            try cache.publish(
              unit, records: records.filter { unit.imageIDs.contains($0.imageID) })
          }
        }
        if !hasDied { break }
        deaths += 1
      }
      #expect(deaths == 5)
      let cache = try worker(root, deaths)
      #expect(try cache.isComplete())
      let reader = try CacheReader(folder: root, recipe: sampleRecipe())
      let blamed = try reader.failures().filter { $0.error.contains("died or hung") }
      #expect(blamed.map(\.imageID) == [poison])
    }
  }

  /// Two containers of one boot whose monotonic clocks are years apart, stand still, or go back with the
  /// start of another: a living holder keeps what it holds, and nothing is counted against its image.
  @Test(arguments: [0, 1e8, -1e8]) func clocksOfOtherTimeNamespaces(offset: Double) throws {
    try withTemporaryFolder { root in
      let time = Time()
      func open(_ offset: Double) throws -> RegionCache {
        try RegionCache.open(
          CacheFolder(root: root, recipe: sampleRecipe()), imageIDs: [ids[0]], unitSize: 1,
          leaseSeconds: 100,
          clock: LeaseClock(boot: "one") { time.seconds.withLock(\.self) + offset })
      }
      let holder = try open(0)
      // Suspected, so that one more death would count.
      try changeRows(of: holder.folder, "UPDATE unit SET attempts = 2, deaths = 1")
      let unit = try #require(try holder.nextUnit())
      try holder.begin(unit)
      for _ in 0..<50 {
        // Each a new process with a clock of its own.
        let watcher = try open(offset)
        for _ in 0..<3 {
          #expect(try watcher.nextUnit() == nil)
          time.seconds.withLock { $0 += 30 }
        }
        try holder.keep(unit)
      }
      let deaths = try DatabaseQueue(path: holder.folder.catalogue).read {
        try Int.fetchOne($0, sql: "SELECT deaths FROM unit")
      }
      #expect(deaths == 1)
      try holder.publish(unit, records: [records[0]])
      #expect(try rows(root) == ["ok": 1])
    }
  }
}
