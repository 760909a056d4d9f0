package import Support
internal import Synchronization

/// A part of a cache's units on its way into a pool: by a cache of these images alone, on a disk of this
/// machine, from which each unit goes to the pool once all of its images are done. Safe to use from
/// several threads.
package final class PoolPart: Sendable {
  private struct State {
    /// Units that are not in the pool, ascending.
    var missing: [Int]
    /// When the pool was last given something.
    var last = ContinuousClock.now
  }

  package let pool: ShardPool
  package let plan: UnitPlan
  package let part: WorkPart
  private let state: Mutex<State>

  /// Images a unit of the cache, at most: so many are lost when its process is stopped, minutes of work.
  /// The pool's units do not depend on it.
  package static let unitSize = 8
  /// What is done of an unfinished unit is put into the pool after so long, for the case that this machine
  /// ends without a word.
  private static let patience = Duration.seconds(300)

  /// Looks at what the pool holds, every byte of it that is of this part.
  ///
  /// - Throws: `InputError`: a pool that cannot be written to, or has damaged shards or those of other
  ///   images (`badData`); `Stopped` after a signal.
  package init(_ part: WorkPart, of plan: UnitPlan, in pool: ShardPool) throws {
    (self.pool, self.plan, self.part) = (pool, plan, part)
    try pool.create()
    var missing: [Int] = []
    for unit in plan.units(of: part) {
      try StopSignal.check()
      if try pool.shard(unit, of: plan) == nil { missing.append(unit) }
    }
    state = Mutex(State(missing: missing))
  }

  /// The units that the pool lacks.
  package var missing: [Int] { state.withLock(\.missing) }

  /// Their images.
  package var images: [Int] { missing.flatMap { plan.images(of: $0) } }

  /// Adds to a cache what other machines have done of units that they did not finish.
  ///
  /// - Returns: how many images that are.
  package func adoptBegun(into cache: RegionCache) throws(InputError) -> Int {
    var count = 0
    for unit in missing {
      let begun = try pool.begunRecords(of: unit)
      var records: [CacheRecord] = []
      for image in plan.images(of: unit) {
        guard let record = begun[image], try cache.catalogue.location(of: image) == nil
        else { continue }
        records.append(record)
      }
      if records.isEmpty { continue }
      let number = try cache.folder.freeNumber(cache.catalogue)
      try cache.catalogue.adopt(ShardEntry(storing: records, as: number, in: cache.folder))
      count += records.count
    }
    return count
  }

  /// Publishes the units all of whose images are in the cache, and now and then what is done of the
  /// others.
  package func publish(from folder: CacheFolder) throws(InputError) {
    try state.withLock { (state) throws(InputError) in
      let reader = try CacheReader(folder)
      var left: [Int] = []
      for unit in state.missing {
        if try Self.holds(plan.images(of: unit), reader) {
          try pool.publish(unit, records(of: unit, in: reader))
          state.last = .now
        } else {
          left.append(unit)
        }
      }
      state.missing = left
      if ContinuousClock.now - state.last >= Self.patience {
        try publishBegun(left, from: reader)
        state.last = .now
      }
    }
  }

  /// Publishes what is done of units that are not: another machine goes on from there.
  package func publishBegun(from folder: CacheFolder) throws(InputError) {
    try publishBegun(missing, from: CacheReader(folder))
  }

  private func publishBegun(_ units: [Int], from reader: CacheReader) throws(InputError) {
    for unit in units {
      let records = try records(of: unit, in: reader)
      if !records.isEmpty { try pool.keepBegun(unit, records) }
    }
  }

  /// Looks at the last image first, which is done last.
  private static func holds(
    _ images: ArraySlice<Int>, _ reader: CacheReader
  ) throws(InputError) -> Bool {
    for image in images.reversed() where try reader.location(of: image) == nil { return false }
    return true
  }

  /// Of the images that are done.
  private func records(
    of unit: Int, in reader: CacheReader
  ) throws(InputError) -> [CacheRecord] {
    var records: [CacheRecord] = []
    for image in plan.images(of: unit) {
      if let location = try reader.location(of: image) {
        records.append(try reader.record(at: location))
      }
    }
    return records
  }
}
