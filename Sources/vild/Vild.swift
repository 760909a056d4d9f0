import ArgumentParser
import Foundation
import Ranks
import Support
import Tensors

/// One command a file; a command parses, calls a stage and prints.
@main
struct Vild: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vild",
    abstract: "Open-vocabulary object detection by vision and language knowledge distillation.",
    discussion: """
      The stages in order, each of which runs what it depends on when that is missing:

        propose   class-agnostic boxes of the training images
        embed     the teacher's embeddings of those regions, as a cache
        distill   a student detector that learns them
        detect    labels for a corpus of images, with any category names
        query     the same with other names, without the detector
        search    the regions that are most like a phrase or a picture
        evaluate  average precision on the validation images
        report    a page of the results, curves and scenes

      'vild plan' says beforehand what they will take.

      Every stage continues where it was stopped, and does nothing when nothing has changed.

      Exit codes: 0 done; 64 wrong arguments; 65 wrong content of a file; 66 a missing input; \
      73 an output that cannot be created; 74 a read or write that failed; 75 try again later \
      (full disk, lock); 78 wrong pipeline file; 130 and 143 stopped by a signal.

      Environment: VILD_THREADS is the number of threads that work at once, at most four times the \
      cores; without it, one for each core that the process may use. With --ranks, VILD_MPI names the \
      library of 'make mpi', and VILD_STEP_TIMEOUT the seconds that a rank waits for the others; without \
      it, twenty times a step, and a minute at least.
      """,
    version: "0.1.0",
    subcommands: [
      Propose.self, Embed.self, Distill.self, Detect.self, Query.self, Search.self, Evaluate.self,
      Compare.self, ReportCommand.self, PictureCommand.self, Plan.self, Runs.self,
      VerifyCommand.self, ExportCommand.self, Browse.self, TeacherCommand.self, CacheCommand.self,
      StoreCommand.self, ProposalsCommand.self, Sample.self, Pretrain.self,
    ])

  static func main() {
    StandardStream.openMissing()
    StopSignal.install()
    let console = Console.ofStandardError()
    ProcessEnd.tell { console.end("vild: \($0)") }
    do {
      var command = try parseAsRoot(arguments)
      if let verb = command as? any Verb {
        try ProcessLimits.require()
        try OpenBLASMemory.require()
        try Parallel.requireWorkers()
        try verb.run(on: console)
      } else {
        // Help, which needs nothing.
        try command.run()
      }
      try StandardOutput.settle()
    } catch {
      end(error, on: console)
    }
    ProcessEnd.leave(code: 0)
  }

  /// As the system gives them: a path may hold bytes that are not UTF-8.
  static var arguments: [String] {
    UnsafeBufferPointer(start: CommandLine.unsafeArgv, count: Int(CommandLine.argc))
      .dropFirst().compactMap { $0.map { PathText.text(ofSystemPath: $0) } }
  }

  private static func end(_ error: any Error, on console: Console) -> Never {
    switch error {
    case let error as InputError: ProcessEnd.now(error)
    case let stopped as Stopped:
      // Who closed the pipe has seen enough.
      if stopped.signal != SIGPIPE {
        console.end("vild: stopped; run the same command again to continue")
      }
      ProcessEnd.now(code: stopped.exitCode)
    case let end as Ranks.End: ProcessEnd.now(code: end.code)
    default: end(parsing: error, on: console)
    }
  }

  /// Help goes to standard output, what is wrong with the arguments to standard error.
  private static func end(parsing error: any Error, on console: Console) -> Never {
    let code = exitCode(for: error)
    let text = fullMessage(for: error)
    if !text.isEmpty && code.isSuccess {
      do {
        try StandardOutput.print(text)
        try StandardOutput.settle()
      } catch {
        end(error, on: console)
      }
    } else if !text.isEmpty {
      console.end(text)
    }
    ProcessEnd.now(code: code.rawValue)
  }
}
