/// What holds worker processes: a pipe that becomes their standard input. When this process is gone,
/// however that came, they stop at the next boundary; a second Ctrl-C here ends them at once. To be
/// kept until they have ended, and one at a time.
package final class Lifeline {
  private let reading: OpenFile
  private var writing: OpenFile?

  /// - Throws: `InputError` where too many files are open.
  package init() throws(InputError) {
    let ends = try OpenFile.pipe()
    (reading, writing) = (ends.reading, ends.writing)
    StopSignal.tellWorkers(by: ends.writing.descriptor)
  }

  deinit { StopSignal.tellWorkers(by: nil) }

  /// A worker's standard input.
  package var input: ChildProcess.Stream { .descriptor(reading.descriptor) }

  /// Asks the workers to stop at the next boundary, as if this process were gone.
  package func end() {
    StopSignal.tellWorkers(by: nil)
    writing = nil
  }
}
