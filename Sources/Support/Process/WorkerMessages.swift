import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// What a worker writes to standard error, passed on to this process's console line by line.
final class WorkerMessages {
  private let console: Console
  private let ends: (reading: OpenFile, writing: OpenFile)
  /// A line whose end has not come yet.
  private var begun = Data()

  /// - Throws: `InputError` where too many files are open.
  init(_ console: Console) throws(InputError) {
    self.console = console
    ends = try OpenFile.pipe()
    // What there is is read, and not waited for.
    let flags = fcntl(ends.reading.descriptor, F_GETFL)
    _ = fcntl(ends.reading.descriptor, F_SETFL, flags | O_NONBLOCK)
  }

  deinit { console.finish(ObjectIdentifier(self)) }

  /// The worker's standard error.
  var stream: ChildProcess.Stream { .descriptor(ends.writing.descriptor) }

  /// Passes on the lines that have come since.
  func pass() {
    var bytes = [UInt8](repeating: 0, count: 1 << 14)
    while true {
      let count = read(ends.reading.descriptor, &bytes, bytes.count)
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { break }
      begun.append(contentsOf: bytes[..<count])
    }
    while let end = begun.firstIndex(of: UInt8(ascii: "\n")) {
      relay(begun[..<end])
      begun = begun[(end + 1)...]
    }
  }

  /// The same once the worker has ended, perhaps within a line.
  func finish() {
    pass()
    if !begun.isEmpty { relay(begun) }
    begun = Data()
    console.finish(ObjectIdentifier(self))
  }

  private func relay(_ line: Data) {
    console.relay(String(decoding: line, as: UTF8.self), of: ObjectIdentifier(self))
  }
}
