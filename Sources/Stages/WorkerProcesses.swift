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
  /// What keeps the workers alive, and their end of it.
  private let (input, lifeline): (FileHandle, FileHandle)
  /// Workers that died since an image was last finished.
  private var deaths = 0

  /// More of them in a row and something is wrong with more than some images.
  private static let mostDeaths = 12
  private static let stage = "embed"

  private struct Worker {
    let process: Process
    /// Of the error that it ended with, if any.
    let message: Pipe
  }

  /// - Parameter arguments: of each worker's command line.
  init(_ count: Int, arguments: [String], report: Report) throws(InputError) {
    precondition(count > 0, "somebody has to work")
    self.arguments = arguments
    threads = max(1, Parallel.workers / count)
    self.report = report
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw .system("cannot make a pipe", at: "the workers") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    input = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
    lifeline = FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
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
    try? lifeline.close()
    for worker in workers {
      while worker.process.isRunning { usleep(10_000) }
    }
    workers = []
  }

  private func start() throws(InputError) -> Worker {
    let (process, message) = (Process(), Pipe())
    process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment
      .merging(["VILD_THREADS": "\(threads)"]) { $1 }
    process.standardInput = input
    process.standardOutput = message
    do {
      try process.run()
    } catch {
      stop()
      throw InputError(.tryAgain, "cannot start a worker", got: "\(error.localizedDescription)")
    }
    return Worker(process: process, message: message)
  }

  /// Looks at how a worker ended, and starts another where it died.
  private func take(_ worker: Worker) throws {
    let status = worker.process.terminationStatus
    var death = "with exit code \(status)"
    if worker.process.terminationReason == .uncaughtSignal {
      death = "by signal \(status), \(String(cString: strsignal(status)))"
    } else if status == 0 {
      return
    } else if [SIGINT, SIGTERM].contains(status - 128) {
      // Somebody asked this one to stop, perhaps all of us.
      report.say(Self.stage, "worker \(worker.process.processIdentifier) was stopped")
      return
    } else if let kind = InputError.Kind(rawValue: status) {
      let line = try worker.message.fileHandleForReading.readToEnd() ?? Data()
      throw InputError(kind, String(decoding: line, as: UTF8.self))
    }
    deaths += 1
    guard deaths < Self.mostDeaths else {
      throw InputError(
        .tryAgain, "\(deaths) workers in a row died without finishing an image",
        got: "the last ended \(death)",
        hint: "with too little memory, try fewer workers; the same command tries on")
    }
    report.say(
      Self.stage,
      "worker \(worker.process.processIdentifier) ended \(death); another takes over")
    workers.append(try start())
  }
}
