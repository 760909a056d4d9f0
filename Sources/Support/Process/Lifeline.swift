/// What holds worker processes: a pipe that becomes their standard input. When this process is gone,
/// however that came, they stop at the next boundary; a second Ctrl-C here ends them at once. To be
/// kept until they have ended, and one at a time.
package final class Lifeline {
  private let ends: (reading: OpenFile, writing: OpenFile)

  /// - Throws: `InputError` where too many files are open.
  package init() throws(InputError) {
    ends = try OpenFile.pipe()
    StopSignal.tellWorkers(by: ends.writing.descriptor)
  }

  deinit { StopSignal.tellWorkers(by: nil) }

  /// A worker's standard input.
  var input: ChildProcess.Stream { .descriptor(ends.reading.descriptor) }
}
