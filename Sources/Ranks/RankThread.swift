import Dispatch
import Foundation
import Support
import Synchronization

/// The one thread that speaks with the other ranks: what it is given is done in order, beside the
/// thread that computes.
final class RankThread: Sendable {
  private struct State {
    var works: [@Sendable () throws(InputError) -> Void] = []
    var error: InputError?
  }

  private let state = Mutex(State())
  private let given = DispatchSemaphore(value: 0)

  init() {
    // It lives as long as the process.
    Thread.detachNewThread { [self] in
      while true {
        given.wait()
        let work = state.withLock { $0.works.removeFirst() }
        // After an error the ranks are not at the same place any more.
        if state.withLock({ $0.error != nil }) { continue }
        do throws(InputError) {
          try work()
        } catch {
          state.withLock { $0.error = error }
        }
      }
    }
  }

  func add(_ work: @escaping @Sendable () throws(InputError) -> Void) {
    state.withLock { $0.works.append(work) }
    given.signal()
  }

  /// Waits until all that was given is done.
  ///
  /// Seconds are counted one by one, so that those of a process that is stopped for a while do not count.
  /// - Parameter patience: in seconds; nil waits for ever.
  /// - Returns: whether it is done.
  /// - Throws: the first error.
  func settle(patience: Int?) throws(InputError) -> Bool {
    let isDone = DispatchSemaphore(value: 0)
    state.withLock { $0.works.append { isDone.signal() } }
    given.signal()
    var waited = 0
    while isDone.wait(timeout: .now() + 1) == .timedOut {
      if let error = state.withLock({ $0.error }) { throw error }
      waited += 1
      if let patience, waited >= patience { return false }
    }
    return true
  }
}
