import ArgumentParser
import Stages

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print average precision for base, novel and all categories.",
    discussion: """
      With a pipeline: detects on its validation images and evaluates the result, with the recall \
      of the proposals. With --detections and --annotations: evaluates COCO results of any detector.
      """)

  @Option(help: ArgumentHelp("The pipeline file, in YAML.", valueName: "file"))
  var pipeline: String?

  @Option(
    help: ArgumentHelp(
      "The folder that the paths in the pipeline file are relative to.", valueName: "folder"))
  var data: String?

  @Option(help: ArgumentHelp("The folder for outputs.", valueName: "folder"))
  var runs = "runs"

  @Option(help: ArgumentHelp("COCO results.", valueName: "file"))
  var detections: String?

  @Option(help: ArgumentHelp("COCO annotations.", valueName: "file"))
  var annotations: String?

  @Option(help: ArgumentHelp("JSON with the lists base and novel.", valueName: "file"))
  var split: String?

  func validate() throws {
    let ofPipeline = pipeline != nil && data != nil && detections == nil && annotations == nil
    let ofFiles = pipeline == nil && data == nil && detections != nil && annotations != nil
    guard ofPipeline || ofFiles else {
      throw ValidationError(
        "give either --pipeline and --data, or --detections and --annotations")
    }
  }

  func run() throws {
    if let pipeline, let data {
      let run = try Run(PipelineFile.load(path: pipeline), data: data, runs: runs)
      try EvaluateStage(run, report: Report()).execute()
    } else if let detections, let annotations {
      print(
        try EvaluateStage.evaluate(detections: detections, annotations: annotations, split: split),
        terminator: "")
    }
  }
}
