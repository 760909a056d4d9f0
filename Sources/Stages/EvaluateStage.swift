import Cache
import Datasets
import Detection
import Evaluation
import Foundation
import Images
public import Support
import Teacher
import Tensors

/// Runs the student over the validation images and prints average precision for base, novel and all
/// categories, and the proposals' recall.
public struct EvaluateStage {
  let run: Run
  let report: Report

  private static let name = "evaluate"

  public init(_ run: Run, report: Report) {
    self.run = run
    self.report = report
  }

  /// Evaluates, or prints the result again when nothing has changed.
  public func execute() throws {
    let images = try AnnotatedImages(run.configuration.data.val, of: run)
    let teacher = try TeacherStage(run, report: report)
    // Names that the teacher cannot read are refused before the hours that training may take.
    let names = try teacher.embeddings(
      of: images.words(for: images.split.base + images.split.novel))
    let detector = try DetectorStage(run: run, report: report, teacher: teacher).ensure()
    var inputs = StageInputs()
    try images.add(to: &inputs, as: "val")
    inputs.add("detector", hash: detector.inputs)
    inputs.add("names", names.categories)
    inputs.add("choices", run.configuration.detection)
    let folder = StageFolder(run, stage: Self.name, inputs: inputs)
    if folder.isFinished {
      report.say(Self.name, "up to date: \(folder.path)")
    } else {
      try folder.begin(run.configuration)
      try evaluate(detector.load(), images, names.embeddings, folder)
      report.say(Self.name, "wrote \(folder.path)")
    }
    print(String(decoding: try Files.read(folder.file("table.txt")), as: UTF8.self), terminator: "")
  }

  private func evaluate(
    _ detector: any Detector, _ images: AnnotatedImages, _ embeddings: Tensor,
    _ folder: StageFolder
  ) throws {
    let proposals = try ProposeStage(run, report: report).ensure().val
    let result = try Validation(
      images: images, names: embeddings, choices: run.configuration.detection, stage: Self.name,
      report: report
    ).evaluate(
      detector, in: folder.path, fingerprint: folder.inputs.hash,
      proposals: proposals.map { try ProposalsReader(path: $0).readAll() })
    try Files.write(Data(result.table.utf8), to: folder.file("table.txt"))
    try Files.write(result.json(), to: folder.file("report.json"))
    try folder.finish(outputs: ["detections.jsonl", "detections.json", "report.json", "table.txt"])
  }

  /// Evaluates detections that are already there, from any detector.
  ///
  /// - Parameters:
  ///   - detections: COCO results.
  ///   - split: JSON with the lists `base` and `novel`; nil evaluates all categories.
  public static func evaluate(
    detections: String, annotations: String, split: String?
  ) throws(InputError) -> String {
    let dataset = try COCODataset(path: annotations)
    let split = try split.map { path throws(InputError) in
      try CategorySplit(path: path, of: dataset.categories.map(\.name))
    }
    return try EvaluationReport(
      detections: DetectionRecord.read(path: detections, of: dataset), of: dataset, split: split
    ).table
  }
}
