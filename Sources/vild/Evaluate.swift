public import ArgumentParser
public import Evaluation
import Foundation
import Pipeline
import Stages
import Support

extension EvaluationProtocol: ExpressibleByArgument {}
extension ComparedShapes.Choice: ExpressibleByArgument {}

struct Evaluate: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Print average precision for base, novel and all categories.",
    discussion: """
      With a pipeline: detects on its validation images and evaluates the result, with the recall \
      of the proposals; with --on and --images, on another data set, by the names of its \
      categories. With --detections and --annotations: evaluates COCO results of any detector, \
      boxes and masks.

      Annotations are a JSON file in the form of COCO, LVIS or Objects365, or a folder of Pascal \
      VOC's XML files, or one of its lists of images. Of VOC's files the image ids in --detections are \
      the places, from 1, of the files sorted by name, or of the images on the list; the category ids \
      are the places of the names in alphabetical order, from 1: of VOC's twenty names, or where there \
      are others those of the annotated objects.

      JSON may be packed by gzip, and may come from a pipe. What nothing depends on is passed over, \
      with one line that counts it: objects whose image or category is not listed, detections of \
      unknown categories, keys that are not as COCO and LVIS have them. --strict refuses.
      """)

  @Option(help: ArgumentHelp("The pipeline file, in YAML.", valueName: "file"))
  var pipeline: String?

  @Option(
    help: ArgumentHelp(
      "The folder that the paths in the pipeline file are relative to.", valueName: "folder"))
  var data: String?

  @Option(help: ArgumentHelp("The folder for outputs.", valueName: "folder"))
  var runs = "runs"

  @Option(
    help: ArgumentHelp("Annotations of another data set, with --images.", valueName: "annotations"))
  var on: String?

  @Option(help: ArgumentHelp("The images of the other data set.", valueName: "folder"))
  var images: String?

  @OptionGroup var chosen: StudentOption

  @Option(help: ArgumentHelp("COCO results.", valueName: "file"))
  var detections: String?

  @Option(help: ArgumentHelp("What the results are compared with.", valueName: "annotations"))
  var annotations: String?

  @Option(help: ArgumentHelp("JSON with the lists base and novel.", valueName: "file"))
  var split: String?

  @Option(
    name: .customLong("protocol"),
    help: ArgumentHelp(
      """
      coco, lvis, voc (the area under the curve, since 2010) or voc2007 (eleven points); that of \
      the pipeline file or of the annotations' form without.
      """, valueName: "name"))
  var rules: EvaluationProtocol?

  @Option(
    name: .customLong("iou-type"),
    help: ArgumentHelp(
      """
      With --detections: bbox compares boxes, segm masks; without, boxes, and masks where all objects \
      and detections have them.
      """, valueName: "name"))
  var iouType: ComparedShapes.Choice?

  @Flag(help: "With --detections: refuse what is otherwise passed over.")
  var strict = false

  @Flag(
    inversion: .prefixedNo, help: "List every category; by default where they are at most 30.")
  var categories: Bool?

  @Option(
    help: ArgumentHelp(
      "With --detections: write the numbers as JSON, as schemas/evaluation.schema.json says.",
      valueName: "file"))
  var report: String?

  @Option(
    help: ArgumentHelp(
      """
      Also choose the score of each name from which on its boxes reach this at IoU 0.5: \
      precision=0.9, recall=0.5, or f1 for the best; one for all names with fewer than 20 objects. \
      'vild export detections' reads them.
      """, valueName: "target"))
  var chooseThresholds: String?

  @Option(help: ArgumentHelp("Where to write the chosen scores.", valueName: "file"))
  var thresholds: String?

  @Flag(
    help: "With --detections: tell on standard error how long reading and evaluating took.")
  var timing = false

  func validate() throws {
    let ofPipeline =
      pipeline != nil && data != nil && detections == nil && annotations == nil && split == nil
      && report == nil && !timing && iouType == nil && !strict && (on == nil) == (images == nil)
    let ofFiles =
      pipeline == nil && data == nil && detections != nil && annotations != nil && on == nil
      && images == nil && chosen.student == nil
    guard ofPipeline || ofFiles else {
      throw ValidationError(
        "give either --pipeline and --data, perhaps with --on and --images, or --detections and "
          + "--annotations")
    }
    guard (chooseThresholds == nil) == (thresholds == nil) else {
      throw ValidationError("--choose-thresholds and --thresholds go together")
    }
  }

  private func choice() throws -> ThresholdChoice? {
    guard let chooseThresholds, let thresholds else { return nil }
    return try ThresholdChoice(chooseThresholds, path: thresholds)
  }

  func run(on console: Console) throws {
    let choice = try choice()
    if let pipeline, let data {
      let run = try Run(PipelineFile.load(path: pipeline), data: data, runs: runs, source: pipeline)
      let target = on.flatMap { on in
        images.map { EvaluateStage.Target(annotations: on, images: $0) }
      }
      let chain = Chain(run, report: console)
      try EvaluateStage.execute(
        chain, .init(on: target, by: rules, student: chosen.student), categories: categories,
        choosing: choice)
    } else if let detections, let annotations {
      let result = try EvaluateStage.evaluate(
        detections: detections, annotations: annotations, split: split, by: rules,
        comparing: iouType, thresholds: choice, isStrict: strict, report: console, timing: timing)
      if let report { try Files.write(result.json(), to: report) }
      try StandardOutput.write(result.table(categories: categories))
    }
  }
}
