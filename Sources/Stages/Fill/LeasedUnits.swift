import Cache
import Foundation
import Support

#if canImport(Glibc)
  import Glibc
#endif

/// The part of a cache's queue that this process works off: units are leased one after another, their
/// images handed out without a pause between units, and each unit is published as its last record comes
/// back.
final class LeasedUnits {
  private let cache: RegionCache
  private let stage: String
  private let report: Console
  /// Leased units in their order. Only the last still has images to be handed out.
  private var units: [(unit: WorkUnit, records: [CacheRecord], files: [Int: SeenFile])] = []
  /// Images of the last unit that have been handed out.
  private var handedOut = 0
  /// The unit in work cost an earlier holder its life: nothing else is in flight, so that what
  /// happens now is its doing.
  private var isAlone = false

  /// Images with a row before this process published any, and those it published.
  private let before: CacheProgress
  private var published = 0
  /// Images that others published meanwhile, as far as they were counted.
  private var others = 0
  private let progress: StageProgress
  /// Whether the user is told of waiting.
  private let isQuiet: Bool
  /// The units that this process works on; nil for all.
  private let own: Set<Int>?

  /// - Parameters:
  ///   - own: the only units that are worked on, and how many images they have; nil for all.
  ///   - console: of the progress; where it is silent, somebody else reports.
  init(
    of cache: RegionCache, only own: (units: Set<Int>, images: Int)? = nil, stage: String,
    report: Console, progress console: Console
  ) throws(InputError) {
    (self.cache, self.stage, self.report) = (cache, stage, report)
    self.own = own?.units
    isQuiet = console.form == .silent
    before = try cache.progress()
    progress = StageProgress(
      stage: stage, unit: "images", total: own?.images ?? before.total,
      done: own == nil ? before.done : 0, on: console)
  }

  /// Calls `line`, which is to work on all that `next` gives it, until every image has its row. Units
  /// that other processes hold are waited for, and taken over where those die or let the lease run out;
  /// where this process works on some only, others' are left to them.
  ///
  /// - Throws: `Stopped` after a signal, and what `line` and the cache throw; leased units are given
  ///   back.
  func run(_ line: () throws -> Void) throws {
    do {
      while try lease() || own == nil && waitForUnit() {
        try line()
        if own == nil { try countOthers() }
      }
    } catch {
      for (unit, _, _) in units { try? cache.release(unit) }
      throw error
    }
    progress.finish()
  }

  /// The next image; nil when there is none, or when what comes next is to be alone.
  func next() throws -> Int? {
    while true {
      if let unit = units.last?.unit, handedOut < unit.imageIDs.count {
        try cache.begin(unit)
        handedOut += 1
        return unit.imageIDs[handedOut - 1]
      }
      guard !isAlone, try lease() else { return nil }
    }
  }

  /// Takes the record of the image that was handed out first of those without one.
  ///
  /// - Parameter file: what the image's file looked like just before it was read.
  func keep(_ record: CacheRecord, _ file: SeenFile?) throws {
    progress.advance(failures: record.status.isFailure ? 1 : 0)
    units[0].records.append(record)
    units[0].files[record.imageID] = file
    let (unit, records, files) = units[0]
    do {
      if records.count == unit.imageIDs.count {
        units.removeFirst()
        try cache.publish(unit, records: records, files: files)
        published += records.count
      } else {
        try cache.keep(unit)
      }
    } catch {
      guard cache.isLoss(error, of: unit) else { throw error }
      report.say(stage, "\(error)")
    }
  }

  /// Leases a unit; false when there is none, or it has to wait until nothing is in flight.
  private func lease() throws -> Bool {
    guard let unit = try cache.nextUnit(among: own) else { return false }
    isAlone = unit.attempt > 1
    if isAlone && !units.isEmpty {
      try cache.release(unit)
      return false
    }
    units.append((unit, [], [:]))
    handedOut = 0
    return true
  }

  /// Waits for a unit of another process; false once nothing is left.
  private func waitForUnit() throws -> Bool {
    var hasSaid = isQuiet
    while true {
      let left = try countOthers()
      if left == 0 { return false }
      if !hasSaid {
        report.say(
          stage, "waiting for the last \(left.counted("image")), which other processes hold")
        hasSaid = true
      }
      for _ in 0..<10 {
        try StopSignal.check()
        usleep(50_000)
      }
      if try lease() { return true }
    }
  }

  /// Adds what other processes published to the progress; returns how many images are left.
  @discardableResult
  private func countOthers() throws -> Int {
    let now = try cache.progress()
    let new = now.done - before.done - published - others
    others += new
    if new > 0 { progress.advance(by: new) }
    return now.total - now.done
  }
}
