import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// Threads that help with one parallel call after another. They look for the next one a while before they
/// sleep: a step of training makes thousands of calls, many of them shorter than it takes to wake a thread.
package final class ThreadTeam: Sendable {
  static let shared = ThreadTeam(size: Parallel.workers)

  /// Nanoseconds from one call to the next that are not worth sleeping. Whoever else wants the core gets it.
  private static let patience: UInt64 = 100_000

  /// The call at work in one word, so that a thread that comes late takes no piece of the next one: the call's
  /// number, how many pieces it has, and how many of them are taken.
  private let call = Atomic<UInt64>(0)
  private let unfinished = Atomic(0)
  private let isBusy = Atomic(false)
  /// Safe: set while `isBusy` keeps others out and before `call` has pieces, and read between taking a piece and
  /// finishing it.
  private nonisolated(unsafe) var body: ((Int) -> Void)?
  private let sleepers = Atomic(0)
  private let condition = NSCondition()

  /// - Parameter size: threads with the one that calls; fewer where the system gives no more. They live as long
  ///   as the process.
  package init(size: Int) {
    for _ in 1..<max(1, size) {
      _ = WorkerThread { [self] in
        Parallel.asOneWorker {
          while true {
            takePieces()
            wait { Self.hasPieces(self.call.load(ordering: .sequentiallyConsistent)) }
          }
        }
      }
    }
  }

  /// Calls `body` for each of `0..<count`, on this thread too, and returns when all have returned.
  ///
  /// - Parameter count: in 1..<65,536
  /// - Returns: whether it did; not while the team helps another thread.
  package func perform(_ count: Int, _ body: (Int) -> Void) -> Bool {
    guard isBusy.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged
    else { return false }
    withoutActuallyEscaping(body) { body in
      self.body = body
      unfinished.store(count, ordering: .relaxed)
      let number = call.load(ordering: .relaxed) >> 32 + 1
      call.store(number << 32 | UInt64(count) << 16, ordering: .sequentiallyConsistent)
      wakeSleepers()
      Parallel.asOneWorker { takePieces() }
      wait { self.unfinished.load(ordering: .sequentiallyConsistent) == 0 }
      self.body = nil
    }
    isBusy.store(false, ordering: .releasing)
    return true
  }

  private func takePieces() {
    while let piece = nextPiece() {
      finish(piece)
      // Whoever asked for it may go on from here.
      if unfinished.subtract(1, ordering: .sequentiallyConsistent).newValue == 0 { wakeSleepers() }
    }
  }

  private func nextPiece() -> Int? {
    var now = call.load(ordering: .acquiring)
    while Self.hasPieces(now) {
      let (exchanged, found) = call.weakCompareExchange(
        expected: now, desired: now + 1, ordering: .acquiringAndReleasing)
      if exchanged { return Int(now & 0xffff) }
      now = found
    }
    return nil
  }

  private static func hasPieces(_ call: UInt64) -> Bool { call & 0xffff < call >> 16 & 0xffff }

  /// A function of its own: when it returns, nothing of `body` is held any more.
  @inline(never) private func finish(_ piece: Int) { body!(piece) }

  /// Returns when `isDone`; who makes it so wakes the sleepers.
  private func wait(until isDone: () -> Bool) {
    let start = DispatchTime.now().uptimeNanoseconds
    repeat {
      if isDone() { return }
      sched_yield()
    } while DispatchTime.now().uptimeNanoseconds - start < Self.patience
    sleepers.add(1, ordering: .sequentiallyConsistent)
    condition.lock()
    while !isDone() { condition.wait() }
    condition.unlock()
    sleepers.subtract(1, ordering: .sequentiallyConsistent)
  }

  /// Whoever counted as a sleeper before looks once more under the lock, and whoever counts later sees what
  /// was made so.
  private func wakeSleepers() {
    guard sleepers.load(ordering: .sequentiallyConsistent) > 0 else { return }
    condition.lock()
    condition.broadcast()
    condition.unlock()
  }
}
