import Foundation
import Support
import Tensors

#if canImport(Glibc)
  import Glibc
#endif

/// Processes of this program that work on one cache, each with its share of the cores.
///
/// Their standard input is a pipe that nobody writes to: when it ends, because this process wants
/// that or is gone, they stop at the next boundary and give their leases back.
final class WorkerProcesses {
  private let arguments: [String]
  private let threads: Int
  private let report: Report
  private var workers: [Worker] = []
  /// The workers' standard input.
  private let lifeline = Pipe()
  /// Workers that died since an image was last finished.
  private var deaths = 0

  /// More of them in a row and something is wrong with more than some images.
  private static let mostDeaths = 12
  private static let stage = "embed"

  private struct Worker {
    let process: ChildProcess
    /// What it prints: the error that it ended with, if any.
    let output: FileHandle
  }

  /// - Parameter arguments: of each worker's command line.
  init(_ count: Int, arguments: [String], report: Report) throws(InputError) {
    precondition(count > 0, "somebody has to work")
    self.arguments = arguments
    threads = max(1, Parallel.workers / count)
    self.report = report
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
      for index in workers.indices.reversed() where !workers[index].process.isRunning {
        try take(workers.remove(at: index))
      }
    }
  }

  /// Asks all workers to stop, and waits for them.
  private func stop() {
    try? lifeline.fileHandleForWriting.close()
    for worker in workers { worker.process.wait() }
    workers = []
  }

  private func start() throws(InputError) -> Worker {
    let output = Pipe()
    let process = try ChildProcess(
      URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().path, arguments,
      environment: ["VILD_THREADS": "\(threads)"],
      input: .descriptor(lifeline.fileHandleForReading.fileDescriptor),
      output: .descriptor(output.fileHandleForWriting.fileDescriptor), errors: .inherited)
    // Or reading would not end with the worker.
    try? output.fileHandleForWriting.close()
    return Worker(process: process, output: output.fileHandleForReading)
  }

  /// Looks at how a worker ended, and starts another where it died.
  private func take(_ worker: Worker) throws {
    let (name, end) = ("worker \(worker.process.identifier)", worker.process.wait())
    let status = end.status
    var death = "with exit code \(status)"
    if end.wasKilled {
      death = "by signal \(status), \(String(cString: strsignal(status)))"
    } else if status == 0 {
      return
    } else if [SIGINT, SIGTERM].contains(status - 128) {
      // Somebody asked this one to stop, perhaps all of us.
      report.say(Self.stage, "\(name) was stopped")
      return
    } else if let kind = InputError.Kind(rawValue: status) {
      let line = try worker.output.readToEnd() ?? Data()
      throw InputError(kind, String(decoding: line, as: UTF8.self))
    }
    deaths += 1
    guard deaths < Self.mostDeaths else {
      throw InputError(
        .tryAgain, "\(deaths) workers in a row died without finishing an image",
        got: "the last ended \(death)",
        hint: "with too little memory, try fewer workers; the same command tries on")
    }
    report.say(Self.stage, "\(name) ended \(death); another takes over")
    workers.append(try start())
  }
}
