import Synchronization

extension WorkLine {
  /// Work on an item that several workers share, and what puts the results together.
  public struct Parts: Sendable {
    let count: Int
    let work: @Sendable (Int) throws(Failure) -> Void
    let join: @Sendable () throws(Failure) -> Output

    /// - Parameters:
    ///   - count: at least 1.
    ///   - work: on part `0 ..< count`; called by any thread, several at a time.
    ///   - join: makes the item's result of all parts' in order.
    public init<Part: Sendable>(
      _ count: Int, work: @escaping @Sendable (Int) throws(Failure) -> Part,
      join: @escaping @Sendable ([Part]) throws(Failure) -> Output
    ) {
      precondition(count > 0, "an item without parts is done")
      let done = Done<Part>(count)
      self.count = count
      self.work = { number throws(Failure) in
        let part = try work(number)
        done.parts.withLock { $0[number] = part }
      }
      self.join = { () throws(Failure) in
        try join(done.parts.withLock { $0.map { $0! } })
      }
    }
  }

  /// The parts that are done.
  private final class Done<Part: Sendable>: Sendable {
    let parts: Mutex<[Part?]>

    init(_ count: Int) { parts = Mutex(Array(repeating: nil, count: count)) }
  }
}

extension WorkLine where Failure == any Error {
  /// A line with a worker a core, twice as many items under way and work that is not shared; a signal
  /// stops it.
  ///
  /// - Parameters:
  ///   - limit: items that may be under way.
  ///   - work: on an item; called by any thread, several at a time.
  public convenience init(
    workers: Int = Parallel.workers, limit: Int = 2 * Parallel.workers,
    check: @escaping @Sendable () throws -> Void = { try StopSignal.check() },
    work: @escaping @Sendable (Item) throws -> Output
  ) {
    self.init(
      workers: workers, limit: limit, check: check, steps: { item in .done(try work(item)) })
  }
}
