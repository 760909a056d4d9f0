import Foundation

/// Makes values 0, 1, 2, ... on a thread of its own, a few ahead of who asks for them.
///
/// The thread ends after the last value, after an error, or after `stop`.
final class Prefetch<Value: Sendable>: @unchecked Sendable {
  private let limit: Int
  private let make: @Sendable (Int) throws -> Value
  /// Guards all that follows; signalled whenever it changes.
  private let condition = NSCondition()
  private var waiting: [Result<Value, any Error>] = []
  private var isStopped = false

  /// - Parameters:
  ///   - count: how many values there are.
  ///   - ahead: how many may wait, at least 1.
  ///   - make: called in order, from one thread.
  init(count: Int, ahead: Int, make: @escaping @Sendable (Int) throws -> Value) {
    precondition(ahead > 0)
    limit = ahead
    self.make = make
    let thread = Thread { [self] in run(count) }
    // Decoding takes more stack than a new thread is given.
    thread.stackSize = 8 << 20
    thread.name = "prefetch"
    thread.start()
  }

  /// The next value; nothing follows an error.
  func next() throws -> Value {
    condition.lock()
    defer { condition.unlock() }
    while waiting.isEmpty { condition.wait() }
    if case .failure(let error) = waiting[0] { throw error }
    let value = try waiting.removeFirst().get()
    condition.broadcast()
    return value
  }

  /// No further value is begun.
  func stop() {
    condition.lock()
    isStopped = true
    condition.broadcast()
    condition.unlock()
  }

  private func run(_ count: Int) {
    for number in 0..<count {
      let result = Result { try make(number) }
      condition.lock()
      waiting.append(result)
      condition.broadcast()
      while waiting.count >= limit && !isStopped { condition.wait() }
      let isOver = isStopped
      condition.unlock()
      if isOver { return }
      if case .failure = result { return }
    }
  }
}
