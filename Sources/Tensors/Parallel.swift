import CKernels
import Dispatch
import Foundation
public import Support

/// Work spread over all cores with a fixed split, so that results do not depend on timing.
public enum Parallel {
  /// How many pieces work is split into: the cores, or what `VILD_THREADS` says.
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
    let process = ProcessInfo.processInfo
    return try workers(
      asked: process.environment["VILD_THREADS"], cores: process.activeProcessorCount)
  }

  /// More threads than four times the cores only wait for each other.
  package static func workers(asked: String?, cores: Int) throws(InputError) -> Int {
    guard let asked, !asked.isEmpty else { return max(1, cores) }
    let most = 4 * max(1, cores)
    guard let count = Int(asked), 1...most ~= count else {
      throw InputError(
        .usage, "unusable VILD_THREADS in the environment",
        expected: "a number of threads in 1...\(most), four times the cores",
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

  /// Calls `body` for each of `0..<count`; whoever is free takes the next one.
  public static func items(_ count: Int, _ body: (Int) -> Void) {
    if count <= 1 || workers == 1 || isInside {
      for item in 0..<count { body(item) }
      return
    }
    onAllCores(count, body)
  }

  /// What `body` makes of each of `0..<count`, in order; whoever is free takes the next one.
  ///
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

  /// Calls `body` as one worker among others: parallel calls in it run on this thread alone. For
  /// threads that divide the cores among themselves.
  public static func asOneWorker<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let outside = vild_is_inside_parallel()
    vild_set_inside_parallel(1)
    defer { vild_set_inside_parallel(outside) }
    return try body()
  }

  /// How many pieces `pieces` would make.
  static func pieceCount(_ count: Int, grain: Int) -> Int {
    isInside ? 1 : min(workers, count / max(1, grain))
  }

  private static var isInside: Bool { vild_is_inside_parallel() != 0 }

  private static func onAllCores(_ count: Int, _ body: (Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      // Safe: concurrentPerform returns only when every call of `body` has returned.
      nonisolated(unsafe) let body = body
      DispatchQueue.concurrentPerform(iterations: count) { item in
        vild_set_inside_parallel(1)
        defer { vild_set_inside_parallel(0) }
        body(item)
      }
    }
  }
}
