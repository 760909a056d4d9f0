import Foundation
import Support
import Synchronization
import Testing

#if canImport(Glibc)
  import Glibc
#endif

private typealias Line = WorkLine<Int, Int, any Error>

private struct Fault: Error, Equatable {
  let item: Int
}

/// Whose code throws.
private enum Spot: CaseIterable {
  case next, work, part, join, deliver
}

/// What the work of a line holds: gone when the line and all its threads are.
private final class Token: Sendable {}

/// A line that makes squares, of every third number by 1 to 5 parts; every fourth takes its time.
private func squares(
  workers: Int, limit: Int, holding token: Token? = nil, failing: (spot: Spot, item: Int)? = nil,
  check: @escaping @Sendable () throws -> Void = {},
  began: @escaping @Sendable (Int) -> Void = { _ in }
) -> Line {
  @Sendable func fail(_ spot: Spot, _ item: Int) throws {
    if let failing, failing == (spot, item) { throw Fault(item: item) }
  }
  return Line(workers: workers, limit: limit, check: check) { item in
    withExtendedLifetime(token) { began(item) }
    if item % 4 == 1 { Thread.sleep(forTimeInterval: 0.001) }
    try fail(.work, item)
    guard item % 3 == 0 else { return .done(item * item) }
    let count = 1 + item % 5
    return .parts(
      Line.Parts(count) { part in
        if part == 0 { Thread.sleep(forTimeInterval: 0.0005) }
        if part == count - 1 { try fail(.part, item) }
        return part
      } join: { parts in
        try fail(.join, item)
        return parts == Array(0..<count) ? item * item : -1
      })
  }
}

@Suite struct WorkLineTests {
  @Test(arguments: [1, 2, 5], [1, 2, 9])
  func resultsKeepTheOrderAndTheBound(workers: Int, limit: Int) throws {
    var (asked, taken) = (0, 0)
    try squares(workers: workers, limit: limit).run(
      next: {
        if asked == 60 { return nil }
        asked += 1
        #expect(asked - taken <= limit)
        return asked - 1
      },
      deliver: { result in
        #expect(result == taken * taken)
        taken += 1
      })
    #expect(taken == 60)
  }

  @Test func nothingToDo() throws {
    var asked = 0
    try squares(workers: 3, limit: 4).run(
      next: {
        asked += 1
        return nil
      }, deliver: { _ in Issue.record("there is no result") })
    #expect(asked == 1)
  }

  /// All results before it are given, nothing behind it is, and the threads are gone.
  @Test(arguments: Spot.allCases, [0, 3, 9, 15])
  fileprivate func anErrorStandsInItsItemsPlace(spot: Spot, item: Int) throws {
    for workers in [1, 2, 5] {
      weak var held: Token?
      do {
        let token = Token()
        held = token
        let limit = workers + 2
        let last = Mutex(-1)
        let line = squares(
          workers: workers, limit: limit, holding: token, failing: (spot, item),
          began: { item in last.withLock { $0 = max($0, item) } })
        var (asked, results) = (0, [Int]())
        let error = #expect(throws: Fault.self) {
          try line.run(
            next: {
              defer { asked += 1 }
              if spot == .next && asked == item { throw Fault(item: item) }
              return asked
            },
            deliver: { result in
              if spot == .deliver && results.count == item { throw Fault(item: item) }
              results.append(result)
            })
        }
        #expect(error == Fault(item: item))
        #expect(results == (0..<item).map { $0 * $0 })
        #expect(last.withLock { $0 } < item + limit)
        if spot == .next { #expect(asked == item + 1) }
      }
      #expect(held == nil)
    }
  }

  /// Though a later one comes sooner.
  @Test func theFirstErrorInOrderCounts() throws {
    let line = Line(workers: 4, limit: 8, check: {}) { item in
      if item == 2 { Thread.sleep(forTimeInterval: 0.02) }
      if item >= 2 { throw Fault(item: item) }
      return .done(item)
    }
    var next = 0
    let error = #expect(throws: Fault.self) {
      try line.run(
        next: {
          defer { next += 1 }
          return next
        }, deliver: { _ in })
    }
    #expect(error == Fault(item: 2))
  }

  /// No worker begins anything after it but what it had asked for before.
  @Test(arguments: [0, 1, 2, 7, 30], [1, 2, 5])
  func aStopEndsTheWork(after calls: Int, workers: Int) throws {
    weak var held: Token?
    do {
      let token = Token()
      held = token
      let seen = Mutex((calls: 0, stops: 0, begunAfter: 0))
      let line = squares(
        workers: workers, limit: 2 * workers, holding: token,
        check: {
          try seen.withLock { seen in
            seen.calls += 1
            if seen.calls > calls {
              seen.stops += 1
              throw Stopped(signal: 15)
            }
          }
        },
        began: { _ in seen.withLock { if $0.stops > 0 { $0.begunAfter += 1 } } })
      var (next, results) = (0, [Int]())
      #expect(throws: Stopped(signal: 15)) {
        try line.run(
          next: {
            defer { next += 1 }
            return next
          }, deliver: { results.append($0) })
      }
      #expect(results == results.indices.map { $0 * $0 } && results.count <= calls)
      #expect(seen.withLock { (1...workers).contains($0.stops) && $0.begunAfter < workers })
    }
    #expect(held == nil)
  }

  /// No fourth begins while three that weigh ten wait, nor a second while one weighs too much.
  @Test(arguments: [(25, 3), (1, 1)])
  func heavyResultsHoldTheWorkUp(heaviest: Int, waiting: Int) throws {
    let begun = Mutex(0)
    let line = WorkLine<Int, Int, any Error>(
      workers: 1, limit: 100, heaviest: heaviest, weight: { _ in 10 }, check: {},
      steps: { item in
        begun.withLock { $0 += 1 }
        return .done(item)
      })
    defer { line.end() }
    var next = 0
    func take() throws {
      let result = try line.next {
        defer { next += 1 }
        return next
      }
      #expect(result == next - 100)
    }
    for taken in 1...5 {
      try take()
      let deadline = ProcessInfo.processInfo.systemUptime + 10
      while begun.withLock({ $0 }) < taken + waiting
        && ProcessInfo.processInfo.systemUptime < deadline
      { Thread.sleep(forTimeInterval: 0.001) }
      Thread.sleep(forTimeInterval: 0.01)
      #expect(begun.withLock { $0 } == taken + waiting)
    }
  }

  @Test func theEndWaitsForWhatIsUnderWay() throws {
    let done = Mutex((begun: 0, finished: 0))
    let line = Line(workers: 3, limit: 6, check: {}) { item in
      done.withLock { $0.begun += 1 }
      Thread.sleep(forTimeInterval: 0.02)
      done.withLock { $0.finished += 1 }
      return .done(item)
    }
    var next = 0
    func take() throws -> Int? {
      try line.next {
        defer { next += 1 }
        return next
      }
    }
    #expect(try take() == 0)
    line.end()
    let (begun, finished) = done.withLock { ($0.begun, $0.finished) }
    #expect(begun == finished && begun <= 6)
    #expect(try take() == nil)
    line.end()
    #expect(done.withLock { $0.begun } == begun)
  }

  @Test func nothingFollowsAnError() throws {
    let line = squares(workers: 2, limit: 3, failing: (.work, 1))
    defer { line.end() }
    var next = 0
    func take() throws -> Int? {
      try line.next {
        defer { next += 1 }
        return next
      }
    }
    #expect(try take() == 0)
    for _ in 0..<3 { #expect(throws: Fault(item: 1)) { try take() } }
  }

  /// A line in the work of another line, too.
  @Test func insideAParallelCallTheCallingThreadWorks() throws {
    let outer = Mutex(Set<UInt>())
    let inner = Mutex(Set<UInt>())
    @Sendable func sum(to count: Int) throws -> Int {
      outer.withLock { _ = $0.insert(UInt(pthread_self())) }
      let line = Line(workers: 4, limit: 3, check: {}) { item in
        inner.withLock { _ = $0.insert(UInt(pthread_self())) }
        return .parts(Line.Parts(2, work: { $0 * item }, join: { $0.reduce(0, +) }))
      }
      var (items, sum) = ((0...count).makeIterator(), 0)
      try line.run(next: { items.next() }, deliver: { sum += $0 })
      return sum
    }
    #expect(try Parallel.asOneWorker { try sum(to: 9) } == 45)
    #expect(outer.withLock { $0 } == [UInt(pthread_self())])
    var (items, sums) = ((0..<20).makeIterator(), [Int]())
    let line = Line(workers: 3, limit: 5, check: {}) { count in .done(try sum(to: count)) }
    try line.run(next: { items.next() }, deliver: { sums.append($0) })
    #expect(sums == (0..<20).map { $0 * ($0 + 1) / 2 })
    #expect(outer.withLock(\.count) <= 4)
    #expect(inner.withLock { $0 } == outer.withLock { $0 })
  }

  /// A parallel call in the work is the worker's own.
  @Test func workersAreOneEach() throws {
    let line = Line(workers: 2, limit: 2, check: {}) { item in
      var pieces = 0
      Parallel.pieces(1000) { _, _ in pieces += 1 }
      return .done(pieces)
    }
    var items = (0..<10).makeIterator()
    try line.run(next: { items.next() }, deliver: { #expect($0 == 1) })
  }

  /// Faults at places drawn by chance: nothing hangs, is lost or comes twice.
  @Test(arguments: 0..<60 as Range<UInt64>) func anyFault(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let (workers, limit) = (Int.random(in: 1...6, using: &generator), Int(seed % 7) + 1)
    // Only every third item has parts.
    let item = 3 * Int.random(in: 0...20, using: &generator)
    let spot = Spot.allCases.randomElement(using: &generator)!
    let line = squares(workers: workers, limit: limit, failing: (spot, item))
    var (asked, results) = (0, [Int]())
    #expect(throws: Fault(item: item)) {
      try line.run(
        next: {
          if spot == .next && asked == item { throw Fault(item: item) }
          asked += 1
          return asked > 100 ? nil : asked - 1
        },
        deliver: { result in
          if spot == .deliver && results.count == item { throw Fault(item: item) }
          results.append(result)
        })
    }
    #expect(results == (0..<item).map { $0 * $0 } && asked <= item + limit)
  }
}
