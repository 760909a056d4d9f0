import ArgumentParser
import Ranks
import Stages
import Support

struct Distill: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Train the student.",
    discussion: """
      Trains the two-stage student on the base categories' boxes and the cached embeddings. Writes \
      checkpoints and continues from the last one.
      """)

  @OptionGroup var options: RunOptions
  @OptionGroup var together: RanksOption

  @Option(
    help: ArgumentHelp(
      """
      Start from the weights of this student, finished or a checkpoint of one in training, of the \
      same sizes, teacher and base categories; the schedule begins anew. The outputs go to a \
      folder of their own.
      """, valueName: "student"))
  var from: String?

  @Option(
    help: ArgumentHelp(
      """
      Stop with a checkpoint when so many steps are done; the same command without this option \
      goes on, to the same student bit for bit.
      """, valueName: "steps"))
  var untilStep: Int?

  @Flag(
    help: """
      Print the steps of the run and the memory that it will take, found out by small steps; train \
      nothing.
      """)
  var plan = false

  @Flag(help: "With --plan: print JSON, as schemas/training-plan.schema.json describes it.")
  var json = false

  func validate() throws {
    if plan && together.ranks > 1 { throw ValidationError("--plan is of one process") }
    if json && !plan { throw ValidationError("--json goes with --plan") }
    if let untilStep, untilStep < 1 { throw ValidationError("--until-step is at least 1") }
  }

  func run(on console: Console) throws {
    guard let ranks = try together.join(on: console) else { return }
    try ranks.together {
      let chain = try options.chain(on: console, ranks: ranks)
      guard plan else { return try DistillStage.execute(chain, from: from, until: untilStep) }
      let plan = try DistillStage.plan(chain, from: from)
      try StandardOutput.print(plan, asJSON: json) { $0.lines }
    }
  }
}
