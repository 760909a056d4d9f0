public import ArgumentParser
public import Stages
import Support

extension PlannedStage: ExpressibleByArgument {}

struct Plan: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Say what the stages of a pipeline would do and take, before anything runs.",
    discussion: """
      For propose, embed, distill and evaluate: images, steps, time with a range, CPU time, the most \
      memory and the disk that what is left will take. Small parts of each stage are done to find \
      out, in a process of its own, for half a minute each; nothing is written to the outputs but \
      the names' embeddings. A disk or a memory that is too small is refused, with exit code 75.
      """)

  @OptionGroup var options: RunOptions

  @Option(help: ArgumentHelp("This stage alone.", valueName: "name"))
  var stage: PlannedStage?

  @Flag(help: "Print JSON, as schemas/pipeline-plan.schema.json describes it.")
  var json = false

  @Option(help: .hidden)
  var stageForPlan: PlannedStage?

  func run(on console: Console) throws {
    let stage = PlanStage(try options.chain(on: console))
    if let stageForPlan {
      return try asWorker { try StandardOutput.print(json: stage.plan(stageForPlan)) }
    }
    let plan = try stage.plan(
      of: self.stage.map { [$0] },
      with: [
        "plan", "--pipeline", options.pipeline, "--data", options.data, "--runs", options.runs,
        "--stage-for-plan",
      ])
    try StandardOutput.print(plan, asJSON: json) { $0.lines }
    if let refusal = plan.refusal { throw refusal }
  }
}
