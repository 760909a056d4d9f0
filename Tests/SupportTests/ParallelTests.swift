import Foundation
import Support
import Synchronization
import Testing

@Suite struct ParallelTests {
  @Test func threadsAreTheCoresOrWhatIsAskedFor() throws {
    #expect(try Parallel.workers(asked: nil, cores: 6) == 6)
    #expect(try Parallel.workers(asked: "", cores: 6) == 6)
    #expect(try Parallel.workers(asked: "1", cores: 6) == 1)
    #expect(try Parallel.workers(asked: "24", cores: 6) == 24)
  }

  @Test(arguments: ["0", "-1", "25", "many", "2.5", " 2", "1e1", "99999999999999999999"])
  func whatIsNoNumberOfThreadsIsRefused(asked: String) {
    let error = #expect(throws: InputError.self) { try Parallel.workers(asked: asked, cores: 6) }
    #expect(error?.kind == .usage && error?.what.contains("VILD_THREADS") == true)
    #expect(error?.expected?.contains("1...24") == true && error?.got == "'\(asked)'")
  }

  /// However many items there are.
  @Test func noMoreThanTheWorkersAreAtWork() throws {
    let now = Mutex((working: 0, most: 0, items: Set<Int>()))
    Parallel.items(500) { item in
      now.withLock { $0 = ($0.working + 1, max($0.most, $0.working + 1), $0.items.union([item])) }
      now.withLock { $0.working -= 1 }
    }
    #expect(now.withLock { $0.most <= Parallel.workers && $0.items == Set(0..<500) })
  }

  @Test func collectionsAreMappedInOrder() throws {
    #expect(Parallel.map((0..<100).reversed()) { 2 * $0 } == (0..<100).reversed().map { 2 * $0 })
    let error = #expect(throws: InputError.self) {
      try Parallel.map(["a", "b", "c"]) { name throws(InputError) in
        if name > "a" { throw InputError(.badData, name) }
      }
    }
    #expect(error?.what == "b")
  }

  /// Also after an error.
  @Test func aWorkersCallsAreItsOwn() throws {
    #expect(!Parallel.isInside)
    Parallel.asOneWorker {
      #expect(Parallel.isInside)
      #expect(Parallel.pieceCount(1000, grain: 1) == 1)
    }
    #expect(throws: CancellationError.self) {
      try Parallel.asOneWorker { throw CancellationError() }
    }
    #expect(!Parallel.isInside)
    Parallel.items(2) { _ in #expect(Parallel.isInside || Parallel.workers == 1) }
    #expect(!Parallel.isInside)
  }

  /// Of several threads that call at once a team helps one; now and then it has gone to sleep. Threads that the
  /// cores are too few for come late.
  @Test func everyPieceIsDoneOnce() {
    let team = ThreadTeam(size: 5)
    let helped = Atomic(0)
    let wrong = Mutex<[Int]>([])
    DispatchQueue.concurrentPerform(iterations: 3) { caller in
      var generator = SeededGenerator(seed: UInt64(caller))
      for call in 0..<2000 {
        if call % 250 == 249 { usleep(300) }
        let done = Mutex([Int](repeating: 0, count: Int.random(in: 1...5, using: &generator)))
        let count = done.withLock { $0.count }
        guard team.perform(count, { piece in done.withLock { $0[piece] += 1 } }) else { continue }
        helped.add(1, ordering: .relaxed)
        if done.withLock({ $0.contains { $0 != 1 } }) { wrong.withLock { $0.append(call) } }
      }
    }
    #expect(wrong.withLock { $0 } == [])
    #expect(helped.load(ordering: .relaxed) > 0)
  }
}
