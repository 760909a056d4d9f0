import Foundation
import Support

#if canImport(Glibc)
  import Glibc
#endif

/// A process of this program that works for another one.
///
/// Its standard input is a pipe that nobody writes to: when that ends, because the other process
/// wants it or is gone, the worker stops at the next boundary. Its standard output is the error it
/// ended with.
struct WorkerProcess {
  /// How a worker ended.
  enum End {
    case finished
    /// By a signal that asks for it, at a boundary.
    case stopped
    case failed(InputError)
    /// How, in words.
    case died(String)
  }

  private let process: ChildProcess
  private let output: FileHandle

  /// - Parameters:
  ///   - lifeline: whose reading end becomes the standard input.
  ///   - threads: of its parallel loops.
  init(
    _ arguments: [String], lifeline: Pipe, threads: Int, errors: ChildProcess.Stream
  ) throws(InputError) {
    let pipe = Pipe()
    process = try ChildProcess(
      URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().path, arguments,
      environment: ["VILD_THREADS": "\(threads)"],
      input: .descriptor(lifeline.fileHandleForReading.fileDescriptor),
      output: .descriptor(pipe.fileHandleForWriting.fileDescriptor), errors: errors)
    // Or reading would not end with the worker.
    try? pipe.fileHandleForWriting.close()
    output = pipe.fileHandleForReading
  }

  var isRunning: Bool { process.isRunning }

  /// The worker in messages.
  var name: String { "worker \(process.identifier)" }

  /// What it wrote to standard output; to be asked for once it has finished.
  func written() -> Data { (try? output.readToEnd()) ?? Data() }

  @discardableResult
  func wait() -> End {
    let end = process.wait()
    let status = end.status
    if end.wasKilled {
      return .died("by signal \(status), \(String(cString: strsignal(status)))")
    }
    if status == 0 { return .finished }
    if [SIGINT, SIGTERM].contains(status - 128) { return .stopped }
    if let kind = InputError.Kind(rawValue: status) {
      let line = (try? output.readToEnd()) ?? Data()
      return .failed(InputError(kind, String(decoding: line, as: UTF8.self)))
    }
    return .died("with exit code \(status)")
  }
}
