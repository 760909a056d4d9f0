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

  @Option(help: ArgumentHelp("The pipeline file, in YAML.", valueName: "file"))
  var pipeline: String

  @Option(
    help: ArgumentHelp(
      "The folder that the paths in the pipeline file are relative to.", valueName: "folder"))
  var data: String

  @Option(help: ArgumentHelp("The folder for outputs.", valueName: "folder"))
  var runs = "runs"

  func run() throws {
    try CompareStage(pipeline: pipeline, data: data, runs: runs, report: Report()).execute()
  }
}
