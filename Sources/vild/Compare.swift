import ArgumentParser
import Stages
import Support

struct Compare: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Fill the paper's table of methods from one pipeline.",
    discussion: """
      Trains and evaluates every method of the pipeline's section 'comparison', with every seed, and \
      prints the table with the paper's numbers beside it. Proposals and cache are shared; what is \
      finished is not done again.

      Where there are few cores a student, several processes train more students an hour than one \
      that uses all cores: --workers. A student's numbers depend on how many threads trained it.
      """)

  @OptionGroup var options: RunOptions

  @Option(
    help: ArgumentHelp(
      "Share the cores among this many processes, each with a student of its own.",
      valueName: "count"))
  var workers = 1

  @Option(help: .hidden)
  var workFor: String?

  func validate() throws {
    if !(1...256).contains(workers) { throw ValidationError("1 to 256 workers") }
  }

  func run(on console: Console) throws {
    if let workFor {
      return try asWorker { try makeStage(on: console).work(for: workFor) }
    }
    try makeStage(on: console).execute(workers: workers)
  }

  private func makeStage(on console: Console) throws -> CompareStage {
    try CompareStage(
      pipeline: options.pipeline, data: options.data, runs: options.runs, report: console)
  }
}
