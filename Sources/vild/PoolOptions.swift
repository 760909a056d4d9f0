import ArgumentParser
import Pipeline
import Stages
import Support

/// Whose pool it is that is merged; nothing where it is another cache.
struct PoolOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Of a pool: the pipeline file, in YAML.", valueName: "file"))
  var pipeline: String?

  @Option(
    help: ArgumentHelp(
      "Of a pool: the folder that the paths in the pipeline file are relative to.",
      valueName: "folder"))
  var data: String?

  @Option(help: ArgumentHelp("Of a pool: the folder for outputs.", valueName: "folder"))
  var runs = "runs"

  @Option(
    help: ArgumentHelp(
      "Of a pool: how many parts there were, to name those that are missing.", valueName: "count"))
  var parts: Int?

  func validate() throws {
    if let parts, parts < 1 { throw ValidationError("--parts: at least 1") }
  }

  /// nil where no pipeline is given.
  func chain(on console: Console) throws -> Chain? {
    guard let pipeline, let data else { return nil }
    return Chain(
      try Run(PipelineFile.load(path: pipeline), data: data, runs: runs, source: pipeline),
      report: console)
  }

  /// Prints what merging came to.
  ///
  /// - Throws: `InputError` where units are missing.
  func show(_ merged: MergedPool, asJSON: Bool) throws {
    try StandardOutput.print(merged, asJSON: asJSON) { $0.lines }
    if let refusal = merged.refusal { throw refusal }
  }
}
