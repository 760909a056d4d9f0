import Dispatch
import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// Work spread over all cores with a fixed split, so that results do not depend on timing.
public enum Parallel {
  /// How many pieces work is split into, and threads at most work at once: the cores that the process
  /// may use, or what `VILD_THREADS` says.
  ///
  /// A program calls `requireWorkers` first, which says what is wrong with that.
  public static let workers: Int = {
    do {
      return try requireWorkers()
    } catch {
      preconditionFailure("\(error)")
    }
  }()

  /// The same number, read anew.
  ///
  /// - Throws: `InputError` (`usage`) for a `VILD_THREADS` that is no number of threads.
  @discardableResult
  public static func requireWorkers() throws(InputError) -> Int {
    try workers(
      asked: ProcessInfo.processInfo.environment["VILD_THREADS"], cores: ProcessorCores.allowed)
  }

  /// More threads than four times the cores only wait for each other.
  package static func workers(asked: String?, cores: Int) throws(InputError) -> Int {
    guard let asked, !asked.isEmpty else { return max(1, cores) }
    let most = 4 * max(1, cores)
    guard let count = Int(asked), 1...most ~= count else {
      throw InputError(
        .usage, "unusable VILD_THREADS in the environment",
        expected: "a number of threads in 1...\(most), four times the cores it may use",
        got: "'\(asked.prefix(60))'")
    }
    return count
  }

  /// Calls `body` with consecutive ranges that cover `0..<count`, one a worker, at the same time.
  ///
  /// Inside another parallel call the whole range is done at once by the calling thread.
  /// - Parameter grain: the fewest items worth a worker.
  public static func ranges(_ count: Int, grain: Int = 1, _ body: (Range<Int>) -> Void) {
    pieces(count, grain: grain) { _, range in body(range) }
  }

  /// Like `ranges`, and tells each piece its number, below `workers`.
  public static func pieces(
    _ count: Int, grain: Int = 1, _ body: (_ piece: Int, _ range: Range<Int>) -> Void
  ) {
    let pieces = pieceCount(count, grain: grain)
    if pieces <= 1 {
      if count > 0 { body(0, 0..<count) }
      return
    }
    onAllCores(pieces) { piece in
      body(piece, count * piece / pieces..<count * (piece + 1) / pieces)
    }
  }

  /// Calls `body` for each of `0..<count`; whichever of the workers is free takes the next one.
  public static func items(_ count: Int, _ body: (Int) -> Void) {
    if count <= 1 || workers == 1 || isInside {
      for item in 0..<count { body(item) }
      return
    }
    let next = Atomic(0)
    onAllCores(min(workers, count)) { _ in
      while true {
        let item = next.add(1, ordering: .relaxed).oldValue
        if item >= count { return }
        body(item)
      }
    }
  }

  /// What `body` makes of each of `0..<count`, in order; whoever is free takes the next one.
  ///
  /// All results are in memory at once; `WorkLine` takes any number.
  /// - Throws: the first error in that order.
  public static func map<Result, Failure: Error>(
    _ count: Int, _ body: (Int) throws(Failure) -> Result
  ) throws(Failure) -> [Result] {
    var results = [Swift.Result<Result, Failure>?](repeating: nil, count: count)
    results.withUnsafeMutableBufferPointer { results in
      // Safe: every item writes a place of its own.
      nonisolated(unsafe) let results = results
      items(count) { item in
        do throws(Failure) {
          results[item] = .success(try body(item))
        } catch {
          results[item] = .failure(error)
        }
      }
    }
    var values: [Result] = []
    for result in results { values.append(try result!.get()) }
    return values
  }

  /// The same of the elements of a collection.
  public static func map<Element, Result, Failure: Error>(
    _ elements: some Collection<Element>, _ body: (Element) throws(Failure) -> Result
  ) throws(Failure) -> [Result] {
    let elements = Array(elements)
    return try map(elements.count) { index throws(Failure) in try body(elements[index]) }
  }

  /// Calls `body` as one worker among others: parallel calls in it run on this thread alone. For
  /// threads that divide the cores among themselves.
  public static func asOneWorker<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let outside = isInside
    setInside(true)
    defer { setInside(outside) }
    return try body()
  }

  /// How many pieces `pieces` would make.
  package static func pieceCount(_ count: Int, grain: Int) -> Int {
    isInside ? 1 : min(workers, count / max(1, grain))
  }

  private static func onAllCores(_ count: Int, _ body: (Int) -> Void) {
    if ThreadTeam.shared.perform(count, body) { return }
    // Two threads at once, each with all cores: rare, and the system's business.
    withoutActuallyEscaping(body) { body in
      // Safe: concurrentPerform returns only when every call of `body` has returned.
      nonisolated(unsafe) let body = body
      DispatchQueue.concurrentPerform(iterations: count) { item in asOneWorker { body(item) } }
    }
  }

  // MARK: - A flag of the calling thread

  /// Whether the calling thread is one worker among others.
  public static var isInside: Bool { pthread_getspecific(insideKey) != nil }

  private static func setInside(_ isInside: Bool) {
    // Any address but nil.
    pthread_setspecific(insideKey, isInside ? UnsafeRawPointer(bitPattern: 1) : nil)
  }

  private static let insideKey: pthread_key_t = {
    var key = pthread_key_t()
    let code = pthread_key_create(&key, nil)
    precondition(code == 0, "a process has a thousand keys, and this is its first")
    return key
  }()
}
