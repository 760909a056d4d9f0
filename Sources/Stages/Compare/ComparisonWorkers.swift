import Foundation
import Support

/// Processes of this program that train and evaluate students side by side, each with its share of
/// the cores.
struct ComparisonWorkers {
  /// What one process does.
  struct Job {
    let name: String
    let arguments: [String]
    /// Where its messages and progress go.
    let log: String
  }

  let count: Int
  let report: Console

  private static let stage = "compare"

  /// Runs all jobs, `count` at a time, in their order.
  ///
  /// - Throws: `Stopped` after a signal; the first error of a worker. The others stop at their next
  ///   boundary first, and what is finished stays.
  func run(_ jobs: [Job]) throws {
    let lifeline = try Lifeline()
    let threads = max(1, Parallel.workers / count)
    let progress = StageProgress(stage: Self.stage, unit: "students", total: jobs.count, on: report)
    var waiting = jobs[...]
    var working: [(worker: WorkerProcess, job: Job, log: WorkerLog)] = []
    defer {
      withExtendedLifetime(lifeline) {
        for (worker, _, _) in working { worker.stop() }
        for (worker, _, _) in working { worker.wait() }
      }
    }
    while !waiting.isEmpty || !working.isEmpty {
      while working.count < count, let job = waiting.popFirst() {
        report.say(Self.stage, "started \(job.log)")
        let log = WorkerLog(path: job.log)
        let worker = try WorkerProcess(
          job.arguments, lifeline: lifeline, threads: threads, errors: .log(job.log))
        working.append((worker, job, log))
      }
      try StopSignal.check()
      usleep(200_000)
      var finished = 0
      for index in working.indices.reversed() where !working[index].worker.isRunning {
        let (worker, job, _) = working.remove(at: index)
        try check(worker.wait(), of: job)
        finished += 1
      }
      for index in working.indices { working[index].log.read() }
      progress.advance(
        by: finished, underWay: working.map(\.log.trained).reduce(0, +),
        detail: working.map { ($0.job.name, $0.log.trained) })
    }
    progress.finish()
  }

  private func check(_ end: WorkerProcess.End, of job: Job) throws {
    func failure(_ end: String) -> InputError {
      InputError(
        .tryAgain, "a worker ended before its student was evaluated", at: job.log, got: end,
        hint: "the same command continues; with too little memory, try fewer workers")
    }
    switch end {
    case .finished: return
    case .failed(let error): throw error
    case .stopped: throw failure("it was asked to stop")
    case .died(let how): throw failure("it ended \(how)")
    }
  }
}
