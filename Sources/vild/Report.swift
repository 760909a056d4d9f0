import ArgumentParser
import Stages
import Support

struct ReportCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write a page of the results, training curves and scenes.",
    discussion: """
      One HTML file that needs nothing else: average precision beside its protocol, the paper's \
      where the protocol is LVIS's, recall of the proposals, training curves, a table of all \
      categories, and validation images with their objects and detections. Several pipelines stand \
      side by side. What the page shows is made first where it is missing.
      """)

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("The pipeline files, in YAML; one or several.", valueName: "file"))
  var pipeline: [String]

  @Option(
    help: ArgumentHelp(
      "The folder that the paths in the pipeline files are relative to.", valueName: "folder"))
  var data: String

  @Option(help: ArgumentHelp("The folder for outputs.", valueName: "folder"))
  var runs = "runs"

  @Option(
    help: ArgumentHelp("Write the page to this file, too.", valueName: "file"))
  var output: String?

  func run(on console: Console) throws {
    try ReportStage(pipelines: pipeline, data: data, runs: runs, output: output, report: console)
      .execute()
  }
}
