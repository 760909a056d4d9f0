import ArgumentParser
import Stages
import Support

struct Embed: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Embed the regions of the proposals with the teacher.",
    discussion: """
      Writes a cache of zstd shards with a SQLite catalogue. Killed at any moment, it loses at most \
      the shards in work. Several processes may work on a cache: those that --workers starts, or \
      the same command given several times; each waits until the cache is complete.

      On several machines each does a part: the units (regions.images_per_shard images) whose number \
      divided by the number of parts leaves the part's. Run --prepare once, then each part with --runs \
      on a disk of its own machine and --pool on a shared one, then 'vild cache merge'. A part may be \
      stopped, started again anywhere or done twice.

      Where a GPU is elsewhere, --list says what is to be embedded, all of it that another program needs, \
      and 'vild cache import' takes the vectors.
      """)

  @OptionGroup var options: RunOptions

  @OptionGroup var share: PartOptions

  @Flag(
    help: """
      Print what is left to embed, the bytes it will take and the time, measured on a sample; \
      embed nothing.
      """)
  var plan = false

  @Flag(help: "With --plan: print JSON, as schemas/embedding-plan.schema.json describes it.")
  var json = false

  @Option(
    help: ArgumentHelp(
      """
      Share the cores among this many processes; one that an image crashes is replaced. Each \
      holds the teacher in memory. Without this option, one process does all.
      """, valueName: "count"))
  var workers: Int?

  @Flag(
    help: """
      Print what is left to embed as JSON lines, as schemas/vectors.md describes them: images, \
      boxes, crops in pixels; embed nothing.
      """)
  var list = false

  @Flag(help: "With --list: list also what is embedded.")
  var all = false

  @Flag(help: "Leave images that failed before as they are, instead of trying them again.")
  var noRetry = false

  @Option(help: .hidden)
  var workFor: String?

  func validate() throws {
    if let workers, !(1...256).contains(workers) { throw ValidationError("1 to 256 workers") }
    if json && !plan { throw ValidationError("--json goes with --plan") }
    if all && !list { throw ValidationError("--all goes with --list") }
    if list && (plan || share.isGiven || workers != nil) {
      throw ValidationError("--list embeds nothing: leave --plan, --workers and parts out")
    }
  }

  func run(on console: Console) throws {
    if let workFor {
      return try asWorker {
        try EmbedStage.work(
          options.chain(on: console), for: workFor, of: share.workersPart())
      }
    }
    let chain = try options.chain(on: console)
    if plan {
      let plan = try EmbedStage.plan(chain, retries: !noRetry)
      try StandardOutput.print(plan, asJSON: json) { $0.lines }
      if let refusal = plan.refusal { throw refusal }
      return
    }
    if list { return try EmbedStage.list(chain, retries: !noRetry, all: all) }
    if share.prepare { return try EmbedStage.prepare(chain) }
    let workers = workers.map { (count: $0, arguments: workerArguments) }
    if let part = try share.choice() {
      try EmbedStage.execute(chain, part: part, workers: workers)
    } else if let workers {
      try EmbedStage.execute(
        chain, retries: !noRetry, workers: workers.count, with: workers.arguments)
    } else {
      try EmbedStage.execute(chain, retries: !noRetry)
    }
  }

  private var workerArguments: [String] {
    ["embed", "--pipeline", options.pipeline, "--data", options.data, "--runs", options.runs]
  }
}
