import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// What a worker writes to standard error, passed on to this process's console line by line.
package final class WorkerMessages {
  private let console: Console
  private let ends: (reading: OpenFile, writing: OpenFile)
  /// Whether a line is passed on.
  private let isMessage: (String) -> Bool
  /// The last lines that were not.
  package private(set) var others: [String] = []
  /// A line whose end has not come yet.
  private var begun = Data()

  /// - Parameter isMessage: whether a line is passed on; the others are kept.
  /// - Throws: `InputError` where too many files are open.
  package init(
    _ console: Console, passing isMessage: @escaping (String) -> Bool = { _ in true }
  ) throws(InputError) {
    (self.console, self.isMessage) = (console, isMessage)
    ends = try OpenFile.pipe()
    // What there is is read, and not waited for.
    let flags = fcntl(ends.reading.descriptor, F_GETFL)
    _ = fcntl(ends.reading.descriptor, F_SETFL, flags | O_NONBLOCK)
  }

  deinit { console.finish(ObjectIdentifier(self)) }

  /// The worker's standard error.
  package var stream: ChildProcess.Stream { .descriptor(ends.writing.descriptor) }

  /// Passes on the lines that have come since.
  package func pass() {
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
  package func finish() {
    pass()
    if !begun.isEmpty { relay(begun) }
    begun = Data()
    console.finish(ObjectIdentifier(self))
  }

  private func relay(_ line: Data) {
    let text = String(decoding: line, as: UTF8.self)
    if isMessage(text) { return console.relay(text, of: ObjectIdentifier(self)) }
    others.append(text)
    if others.count > 100 { others.removeFirst() }
  }
}
