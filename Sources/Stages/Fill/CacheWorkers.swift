import Cache
import Foundation
import Support

/// Processes of this program that work on one cache, each with its share of the cores. They stop at
/// the next boundary and give their leases back when this process wants that or is gone.
final class CacheWorkers {
  private let arguments: [String]
  private let stage: String
  private let threads: Int
  private let report: Console
  private var workers: [WorkerProcess] = []
  private let lifeline: Lifeline
  /// Workers that died since an image was last finished.
  private var deaths = 0

  /// More of them in a row and something is wrong with more than some images.
  private static let mostDeaths = 12

  /// - Parameter arguments: of each worker's command line.
  init(
    _ count: Int, arguments: [String], stage: String, report: Console
  ) throws(InputError) {
    precondition(count > 0, "somebody has to work")
    self.stage = stage
    self.arguments = arguments
    threads = max(1, Parallel.workers / count)
    self.report = report
    lifeline = try Lifeline()
    for _ in 0..<count { workers.append(try start()) }
  }

  /// Waits until all have ended in good order. One that dies is replaced; one that ends with an
  /// error ends all.
  ///
  /// - Parameter finished: images finished since it was last asked, by whomever.
  /// - Throws: `Stopped` after a signal; the first error of a worker; an error when they go on
  ///   dying and nothing gets done.
  func wait(finished: () throws -> Int) throws {
    defer { stop() }
    while !workers.isEmpty {
      for _ in 0..<5 {
        try StopSignal.check()
        usleep(100_000)
      }
      if try finished() > 0 { deaths = 0 }
      for index in workers.indices.reversed() where !workers[index].isRunning {
        try take(workers.remove(at: index))
      }
    }
  }

  /// Asks all workers to stop, and waits for them.
  private func stop() {
    for worker in workers { worker.stop() }
    for worker in workers { worker.wait() }
    workers = []
  }

  private func start() throws(InputError) -> WorkerProcess {
    try WorkerProcess(arguments, lifeline: lifeline, threads: threads, errors: .console(report))
  }

  /// Looks at how a worker ended, and starts another where it died.
  private func take(_ worker: WorkerProcess) throws {
    switch worker.wait() {
    case .finished: return
    case .stopped:
      // Somebody asked this one to stop, perhaps all of us.
      report.say(stage, "\(worker.name) was stopped")
    case .failed(let error): throw error
    case .died(let how):
      deaths += 1
      guard deaths < Self.mostDeaths else {
        throw InputError(
          .tryAgain, "\(deaths) workers in a row died without finishing an image",
          got: "the last ended \(how)",
          hint: "with too little memory, try fewer workers; the same command tries on")
      }
      report.say(stage, "\(worker.name) ended \(how); another takes over")
      workers.append(try start())
    }
  }
}

extension RegionCache {
  /// Lets `count` processes of this program fill the cache, which share the cores.
  ///
  /// - Parameters:
  ///   - arguments: the command line that makes a process work on this cache.
  ///   - bytes: of memory that each takes.
  /// - Throws: as `CacheWorkers.wait`; `InputError` where there is too little memory.
  func fill(
    workers count: Int, with arguments: [String], bytes: Int, stage: String, report: Console
  ) throws {
    try AvailableMemory.require(
      count * bytes, for: "\(count.counted("worker")), each with the model",
      hint: "try fewer workers; one process without --workers takes least")
    let before = try progress()
    let shown = StageProgress(
      stage: stage, unit: "images", total: before.total, done: before.done, on: report)
    let workers = try CacheWorkers(count, arguments: arguments, stage: stage, report: report)
    var known = before
    try workers.wait {
      let now = try progress()
      defer { known = now }
      shown.advance(by: now.done - known.done, failures: now.failures - known.failures)
      if now.done > known.done { try hasPublished() }
      return now.done - known.done
    }
    shown.finish()
  }
}
