import ArgumentParser
import Pipeline
import Ranks
import Stages
import Support

/// What every stage is told: which pipeline, which data, where outputs go.
struct RunOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The pipeline file, in YAML.", valueName: "file"))
  var pipeline: String

  @Option(
    help: ArgumentHelp(
      "The folder that the paths in the pipeline file are relative to.", valueName: "folder"))
  var data: String

  @Option(help: ArgumentHelp("The folder for outputs.", valueName: "folder"))
  var runs = "runs"

  func chain(on console: Console, ranks: Ranks = .alone) throws -> Chain {
    Chain(
      try Run(
        PipelineFile.load(path: pipeline), data: data, runs: runs, source: pipeline, ranks: ranks),
      report: ranks.console(console))
  }
}
