import ArgumentParser
import Stages

/// Which part of the work, where several machines share it.
struct PartOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Do this part only, counted from 0: 0/8 to 7/8. Put its shards into --pool.",
      valueName: "part"))
  var part: String?

  @Option(
    help: ArgumentHelp(
      "Do one of so many parts: SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX says which.",
      valueName: "count"))
  var parts: Int?

  @Option(
    help: ArgumentHelp(
      "A folder that all parts share, on any file system or mount.", valueName: "folder"))
  var pool: String?

  @Flag(help: "Make what all parts need, once and before they start, and nothing else.")
  var prepare = false

  func validate() throws {
    guard !prepare || part == nil && parts == nil && pool == nil else {
      throw ValidationError("--prepare is for all parts: leave --part, --parts and --pool out")
    }
  }

  /// Whether any of it was said.
  var isGiven: Bool { prepare || part != nil || parts != nil || pool != nil }

  /// nil where everything is to be done here.
  func choice() throws -> PartOfWork? { try PartOfWork(part, of: parts, pool: pool) }

  /// Of a worker of a process that does a part; nil where it does everything.
  func workersPart() throws -> PartOfWork? { try part.map { try PartOfWork(worker: $0) } }
}
