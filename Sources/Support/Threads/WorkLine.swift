import Foundation

/// Work on items by several threads at once, in which items and results keep their order: what stands
/// between who has the items and who takes the results.
///
/// ```swift
/// let line = WorkLine<String, Image, any Error>(limit: 8) { path in try Image.read(path) }
/// try line.run(next: { paths.next() }, deliver: { image in try show(image) })
/// ```
///
/// Items are asked for, and results given, one after the other on the thread that calls; threads of the
/// line's own do the work, each as one worker among others (`Parallel.asOneWorker`). The earliest item
/// comes first; one in `Parts` keeps several workers busy. Called inside a parallel call, as in the work
/// of another line, or where the system gives no more threads, the line has none and the calling thread
/// works itself, so that there are never more at work than cores.
///
/// - Bounds: at most `limit` items are under way, from being asked for to their result being taken, and
///   no work begins while the results that wait weigh `heaviest` or more.
/// - Errors: what asking or working throws stands in its item's place: all results before it are given,
///   then it is thrown. No item behind it is begun.
/// - Stop: `check` is asked before each item and part. What it throws ends the work at once: nothing is
///   begun any more, and it is thrown after the results that are there.
/// - End: `run` returns or throws when its threads have ended; who calls `next` calls `end`.
public final class WorkLine<Item: Sendable, Output: Sendable, Failure: Error>: @unchecked Sendable {
  /// What work on an item comes to.
  public enum Step: Sendable {
    /// It is done.
    case done(Output)
    /// The rest can be shared by several workers.
    case parts(Parts)
  }

  private let workers: Int
  private let limit: Int
  private let heaviest: Int
  private let weight: @Sendable (Output) -> Int
  private let check: @Sendable () throws(Failure) -> Void
  private let work: @Sendable (Item) throws(Failure) -> Step
  /// Of the calling thread alone.
  private var threads: [WorkerThread]?

  /// Guards all that follows; signalled whenever it changes.
  private let condition = NSCondition()
  /// Items in order, asked for and not given back.
  private var places: [Place] = []
  /// Of the results that wait.
  private var waiting = 0
  /// No further item is asked for.
  private var isClosed = false
  /// No further work is begun: what `check` threw.
  private var stopped: Failure?
  private var isEnded = false

  /// - Parameters:
  ///   - workers: threads that work, at least 1; they start with the first item.
  ///   - limit: items that may be under way, at least 1.
  ///   - heaviest: by `weight`, of the results that wait; one more may be made by each worker.
  ///   - check: throws when work is to end; called by any thread.
  ///   - work: on an item; called by any thread, several at a time.
  public init(
    workers: Int, limit: Int, heaviest: Int = .max,
    weight: @escaping @Sendable (Output) -> Int = { _ in 0 },
    check: @escaping @Sendable () throws(Failure) -> Void,
    steps work: @escaping @Sendable (Item) throws(Failure) -> Step
  ) {
    precondition(workers > 0 && limit > 0, "somebody has to work on something")
    (self.workers, self.limit) = (workers, limit)
    (self.heaviest, self.weight) = (heaviest, weight)
    (self.check, self.work) = (check, work)
  }

  /// Works on all items. Once: the line has ended then.
  ///
  /// - Parameters:
  ///   - next: the next item; nil when there are no more.
  ///   - deliver: takes one result an item.
  /// - Throws: what `next`, the work, `check` or `deliver` throws.
  public func run(
    next: () throws(Failure) -> Item?, deliver: (Output) throws(Failure) -> Void
  ) throws(Failure) {
    precondition(condition.withLock { !isEnded }, "a line that has ended takes nothing more")
    defer { end() }
    while let output = try self.next(from: next) { try deliver(output) }
  }

  /// The next result, once it is there; nil when there are no more items, or after `end`. Called again
  /// after an error, it throws that again.
  ///
  /// - Parameter produce: the next item, asked for until `limit` are under way; nil when there are no
  ///   more, after which it is not asked again.
  public func next(from produce: () throws(Failure) -> Item?) throws(Failure) -> Output? {
    fill(from: produce)
    condition.lock()
    defer { condition.unlock() }
    while let first = places.first {
      if case .finished(let result) = first.stage {
        let output = try result.get()
        places.removeFirst()
        waiting -= weight(output)
        condition.broadcast()
        return output
      }
      if let stopped { throw stopped }
      if threads?.isEmpty == true, let job = takeJob() {
        condition.unlock()
        Parallel.asOneWorker { perform(job) }
        condition.lock()
      } else {
        condition.wait()
      }
    }
    if let stopped { throw stopped }
    return nil
  }

  /// Ends the work and waits until the threads are gone. What is under way is finished for nothing.
  public func end() {
    condition.withLock {
      (isClosed, isEnded) = (true, true)
      places = []
      condition.broadcast()
    }
    threads?.forEach { $0.join() }
    threads = []
  }

  private func fill(from produce: () throws(Failure) -> Item?) {
    while condition.withLock({ !isClosed && places.count < limit }) {
      var stage: Stage?
      do throws(Failure) {
        if let item = try produce() { stage = .asked(item) }
      } catch {
        stage = .finished(.failure(error))
      }
      condition.withLock {
        // Behind an error that came meanwhile there is nothing.
        if let stage, !isClosed { places.append(Place(stage)) }
        if case .asked? = stage {} else { isClosed = true }
        condition.broadcast()
      }
      if stage != nil && threads == nil { threads = startThreads() }
    }
  }

  private func startThreads() -> [WorkerThread] {
    if Parallel.isInside { return [] }
    return (0..<workers).compactMap { _ in
      WorkerThread { [self] in
        Parallel.asOneWorker { while let job = waitForJob() { perform(job) } }
      }
    }
  }

  // MARK: - What workers do

  private enum Job {
    case item(Place, Item)
    case part(Place, Parts, Int)
  }

  /// Nil when there will be nothing more to do.
  private func waitForJob() -> Job? {
    condition.lock()
    defer { condition.unlock() }
    while !isEnded && stopped == nil {
      if let job = takeJob() { return job }
      condition.wait()
    }
    return nil
  }

  /// The earliest part that nobody has begun, or else the earliest item.
  private func takeJob() -> Job? {
    for place in places {
      switch place.stage {
      case .asked(let item):
        if waiting >= heaviest { return nil }
        place.stage = .begun
        return .item(place, item)
      case .parts(let parts, let begun, let left) where begun < parts.count:
        place.stage = .parts(parts, begun: begun + 1, left: left)
        return .part(place, parts, begun)
      case .parts, .begun, .finished: continue
      }
    }
    return nil
  }

  private func perform(_ job: Job) {
    do throws(Failure) {
      try check()
    } catch {
      condition.withLock {
        (isClosed, stopped) = (true, error)
        condition.broadcast()
      }
      return
    }
    switch job {
    case .item(let place, let item):
      do throws(Failure) {
        switch try work(item) {
        case .done(let output): finish(place, .success(output))
        case .parts(let parts):
          condition.withLock {
            place.stage = .parts(parts, begun: 0, left: parts.count)
            condition.broadcast()
          }
        }
      } catch {
        finish(place, .failure(error))
      }
    case .part(let place, let parts, let number):
      do throws(Failure) {
        try parts.work(number)
        // The last one puts them together.
        if condition.withLock({ place.isLastPart() }) { finish(place, .success(try parts.join())) }
      } catch {
        finish(place, .failure(error))
      }
    }
  }

  private func finish(_ place: Place, _ result: Result<Output, Failure>) {
    condition.withLock {
      // Another of its parts may have failed before.
      if case .finished = place.stage { return }
      place.stage = .finished(result)
      switch result {
      case .success(let output): waiting += weight(output)
      case .failure:
        isClosed = true
        if let index = places.firstIndex(where: { $0 === place }) {
          places.removeSubrange((index + 1)...)
        }
      }
      condition.broadcast()
    }
  }
}
