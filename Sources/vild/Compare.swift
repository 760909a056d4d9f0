import ArgumentParser
import Stages

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Fill the paper's table of methods from one pipeline.",
    discussion: """
      Trains and evaluates every method of the pipeline's section 'comparison', with every seed, and \
      prints the table with the paper's numbers beside it. Proposals and cache are shared; what is \
      finished is not done again.
      """)

  @OptionGroup var options: RunOptions

  func run() throws {
    try CompareStage(
      pipeline: options.pipeline, data: options.data, runs: options.runs, report: Report()
    ).execute()
  }
}
