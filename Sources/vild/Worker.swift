import ArgumentParser
import Stages
import Support

/// Does what one of `--workers` is there for: it stops when its input ends, and its error goes to
/// standard output, where the other process takes it from.
func asWorker(_ work: () throws -> Void) throws {
  StopSignal.followInput()
  ProcessEnd.tell { try? StandardOutput.write("\($0)") }
  do {
    try work()
  } catch let error as InputError {
    ProcessEnd.now(error)
  } catch let stopped as Stopped {
    throw ExitCode(stopped.exitCode)
  }
}
