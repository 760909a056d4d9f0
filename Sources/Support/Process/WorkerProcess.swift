package import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// A process of this program that works for another one.
///
/// Its standard input is a `Lifeline`: when that ends, because the other process is gone, the worker
/// stops at the next boundary. Its standard output is the error it ended with.
package struct WorkerProcess {
  /// How a worker ended.
  package enum End {
    case finished
    /// By a signal that asks for it, at a boundary.
    case stopped
    case failed(InputError)
    /// How, in words.
    case died(String)
  }

  /// Where what it says goes.
  package enum Errors {
    case console(Console)
    /// A file, to be appended to.
    case log(String)
  }

  private let process: ChildProcess
  private let output: OpenFile
  private let messages: WorkerMessages?

  /// - Parameters:
  ///   - threads: of its parallel loops.
  package init(
    _ arguments: [String], lifeline: Lifeline, threads: Int, errors: Errors
  ) throws(InputError) {
    let stream: ChildProcess.Stream
    switch errors {
    case .console(let console):
      let messages = try WorkerMessages(console)
      (self.messages, stream) = (messages, messages.stream)
    case .log(let path): (messages, stream) = (nil, .file(path))
    }
    // Its writing end goes after this call, or reading would not end with the worker.
    let pipe = try OpenFile.pipe()
    process = try withExtendedLifetime(pipe) { () throws(InputError) in
      try ChildProcess(
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().path, arguments,
        environment: ["VILD_THREADS": "\(threads)"],
        input: lifeline.input, output: .descriptor(pipe.writing.descriptor), errors: stream)
    }
    output = pipe.reading
  }

  /// Asked for now and then, so that what it says is passed on.
  package var isRunning: Bool {
    messages?.pass()
    return process.isRunning
  }

  /// The worker in messages.
  package var name: String { "worker \(process.identifier)" }

  /// Asks it to stop at the next boundary.
  package func stop() { process.signal(SIGTERM) }

  /// What it wrote to standard output; to be asked for once it has finished, and once.
  package func written() -> Data {
    let file = FileHandle(fileDescriptor: output.descriptor, closeOnDealloc: false)
    return withExtendedLifetime(output) { (try? file.readToEnd()) ?? Data() }
  }

  @discardableResult
  package func wait() -> End {
    // Who has much to say waits for a reader.
    while messages != nil, isRunning { usleep(10_000) }
    let end = process.wait()
    messages?.finish()
    let status = end.status
    if end.wasKilled {
      return .died("by signal \(status), \(String(cString: strsignal(status)))")
    }
    if status == 0 { return .finished }
    if [SIGINT, SIGTERM].contains(status - 128) { return .stopped }
    if let kind = InputError.Kind(rawValue: status) {
      let line = String(decoding: written(), as: UTF8.self)
      if !line.isEmpty { return .failed(InputError(kind, line)) }
    }
    return .died("with exit code \(status)")
  }
}
