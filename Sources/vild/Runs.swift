import ArgumentParser
import Stages
import Support

struct Runs: Verb {
  static let configuration = CommandConfiguration(
    abstract: "List the folders of outputs: finished or not, their figures, their size.",
    discussion: """
      With pipeline files and their data: also which folders these, as they stand, have a use for, \
      rows of their comparison included; all others of these pipelines can go, because a choice or \
      an input has changed since. Folders of pipelines whose file is not given are only listed, and \
      nothing is removed but with --remove.
      """)

  @Option(help: ArgumentHelp("The folder for outputs.", valueName: "folder"))
  var runs = "runs"

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Pipeline files, in YAML, with --data.", valueName: "file"))
  var pipeline: [String] = []

  @Option(
    help: ArgumentHelp(
      "The folder that the paths in the pipeline files are relative to.", valueName: "folder"))
  var data: String?

  @Flag(help: "Remove what can go, but for what a process is at work on.")
  var remove = false

  @Flag(help: "Print JSON, as schemas/runs.schema.json describes it.")
  var json = false

  func validate() throws {
    if pipeline.isEmpty != (data == nil) {
      throw ValidationError("--pipeline and --data go together")
    }
    if remove && pipeline.isEmpty {
      throw ValidationError("--remove needs --pipeline and --data to know what can go")
    }
  }

  func run(on console: Console) throws {
    let stage = try RunsStage(runs: runs, pipelines: pipeline, data: data, report: console)
    let folders = try stage.list()
    try StandardOutput.print(folders, asJSON: json) { $0.lines }
    if remove { try stage.remove(folders) }
  }
}
