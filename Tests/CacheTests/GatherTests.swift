import Cache
import Foundation
import Support
import TestSupport
import Testing

/// Units of images whose records are at hand, apart from what is still to be embedded.
@Suite struct GatherTests {
  private let records = sampleRecords(12)
  private var ids: [Int] { records.map(\.imageID) }

  private func open(_ root: String) throws -> RegionCache {
    try RegionCache.open(folder: root, recipe: sampleRecipe(), imageIDs: ids, unitSize: 4)
  }

  private func publish(_ unit: WorkUnit, _ cache: RegionCache) throws {
    try cache.publish(
      unit, records: unit.imageIDs.map { id in records.first { $0.imageID == id }! })
  }

  /// Publishes what is at hand, and expects these units of it.
  private func publish(
    _ indices: [Int], in cache: RegionCache, _ units: [[Int]],
    location: SourceLocation = #_sourceLocation
  ) throws {
    let own = try cache.gather(Set(indices.map { ids[$0] }))
    var found: [[Int]] = []
    while let unit = try cache.nextUnit(among: own.units) {
      found.append(unit.imageIDs.map { ids.firstIndex(of: $0)! })
      try publish(unit, cache)
    }
    #expect(found == units, sourceLocation: location)
    #expect(own.images == units.reduce(0) { $0 + $1.count }, sourceLocation: location)
  }

  /// Units 0...3, 4...7, 8...11: the first as it is, of the others what is there; the rest is embedded.
  @Test func mixedUnitsAreTakenApart() throws {
    try withTemporaryFolder { root in
      let cache = try open(root)
      try publish([0, 1, 2, 3, 5, 7, 8, 9, 11], in: cache, [[0, 1, 2, 3], [5, 7, 8, 9], [11]])
      #expect(try cache.progress().done == 9)
      var rest: [[Int]] = []
      while let unit = try cache.nextUnit() {
        rest.append(unit.imageIDs.map { ids.firstIndex(of: $0)! })
        try publish(unit, cache)
      }
      #expect(rest == [[4, 6, 10]])
      #expect(try cache.isComplete())
      try cache.close()
      let place = CacheFolder(root: root, recipe: sampleRecipe())
      #expect(try RegionCache.verify(place, .full).isEmpty)
      let content = try CacheReader(place).contentHash()
      // What the catalogue says of it can be read off the shards.
      try RegionCache.reindex(place)
      #expect(try RegionCache.verify(place, .full).isEmpty)
      try withTemporaryFolder { other in
        try fill(other, records, unitSize: 4)
        let whole = CacheFolder(root: other, recipe: sampleRecipe())
        #expect(try CacheReader(whole).contentHash() == content)
      }
    }
  }

  @Test func whatIsThereOrHeldIsLeft() throws {
    try withTemporaryFolder { root in
      let cache = try open(root)
      let first = try #require(try cache.nextUnit())
      let second = try #require(try cache.nextUnit())
      try publish(first, cache)
      try publish([0, 5, 8, 9, 10, 11], in: cache, [[8, 9, 10, 11]])
      // Given back, it is free.
      try cache.release(second)
      try publish([5], in: cache, [[5]])
      #expect(try cache.nextUnit()?.imageIDs == [4, 6, 7].map { ids[$0] })
      try cache.close()
    }
  }

  /// How often a unit was tried is not forgotten: such units come last.
  @Test func triesAreKept() throws {
    try withTemporaryFolder { root in
      func worker(_ boot: String) throws -> RegionCache {
        try RegionCache.open(
          CacheFolder(root: root, recipe: sampleRecipe()), imageIDs: ids, unitSize: 6,
          clock: LeaseClock(boot: boot) { 0 })
      }
      // This one dies with the first unit.
      #expect(try worker("a").nextUnit()?.imageIDs == Array(ids[..<6]))
      let cache = try worker("b")
      let own = try cache.gather([ids[1], ids[7]])
      #expect(own.units.count == 2 && own.images == 2)
      var found: [[Int]] = []
      while let unit = try cache.nextUnit() {
        found.append([unit.attempt] + unit.imageIDs.map { ids.firstIndex(of: $0)! })
        try publish(unit, cache)
      }
      #expect(found == [[1, 7], [1, 6, 8, 9, 10, 11], [2, 1], [2, 0, 2, 3, 4, 5]])
      #expect(try cache.isComplete())
    }
  }

  /// Units that cost two holders are cut, whole ones and mixed ones, and nothing of them is lost.
  @Test(arguments: [[0, 1, 2, 3], [0, 2, 3, 9]])
  func cutUnitsAreTakenWhole(_ indices: [Int]) throws {
    try withTemporaryFolder { root in
      func worker(_ boot: String) throws -> RegionCache {
        try RegionCache.open(
          CacheFolder(root: root, recipe: sampleRecipe()), imageIDs: ids, unitSize: 4,
          clock: LeaseClock(boot: boot) { 0 })
      }
      for boot in ["a", "b"] {
        // Each dies with all units in its hands.
        let dies = try worker(boot)
        while try dies.nextUnit() != nil {}
      }
      let cache = try worker("c")
      try publish(indices, in: cache, indices.map { [$0] })
      while let unit = try cache.nextUnit() { try publish(unit, cache) }
      #expect(try cache.isComplete())
      try cache.close()
    }
  }
}
