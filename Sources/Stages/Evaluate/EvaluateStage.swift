import Datasets
import Detection
import Evaluation
import Foundation
import Images
import Labelling
import Pipeline
import Regions
import Student
import Support
import Teacher
import Tensors

/// Runs the student over annotated images and prints average precision for base, novel and all
/// categories; over the pipeline's validation images with the proposals' recall.
public struct EvaluateStage {
  let run: Run
  let report: Console
  let images: AnnotatedImages
  let detector: PipelineDetector
  let target: Target?
  let chosen: EvaluationProtocol?
  let student: String?
  private var teacher: TeacherStage { detector.teacher }

  static let name = "evaluate"

  /// - Parameters:
  ///   - images: the validation images, or those of the target.
  ///   - detector: of the choice's student.
  init(
    _ run: Run, images: AnnotatedImages, detector: PipelineDetector, _ choice: Choice,
    report: Console
  ) {
    (self.run, self.images, self.detector) = (run, images, detector)
    (target, student) = (choice.target, choice.student)
    chosen = choice.rules ?? run.configuration.evaluation.chosen
    self.report = report
  }

  /// Where the evaluation is, and of which images.
  struct Output {
    /// Of the detections.
    let folder: StageFolder
    /// Of the report.
    let results: StageFolder
    let images: AnnotatedImages
    let rules: EvaluationProtocol
    let report: EvaluationReport
    /// Keeps them as they are.
    let lock: StageLock
  }

  /// The evaluation, made first where it is missing.
  ///
  /// - Parameters:
  ///   - detector: is asked for once names are known to be usable.
  ///   - propose: names the proposals whose recall stands in the report.
  ///   - proposals: is asked for where that is to be written.
  /// - Throws: `InputError` (`tryAgain`) while another process evaluates these detections.
  func ensure(
    detector: () throws -> PipelineDetector.Prepared,
    propose: () throws(InputError) -> ProposeStage, proposals: () throws -> ProposeStage.Output,
    sayingSo: Bool = false
  ) throws -> Output {
    // Names that the teacher cannot read are refused before the hours that training may take.
    let names = try embeddedNames()
    let detector = try detector()
    let folder = try folder(names: names.categories, detector: detector.inputs)
    let validation = try validation(names)
    let lock = try folder.lock()
    defer { withExtendedLifetime(lock) {} }
    try detect(detector, validation, in: folder)
    let reported = try reported(propose)
    let results = try results(in: folder, proposals: reported?.folder.inputs.hash)
    func output(_ report: EvaluationReport) -> Output {
      for finished in [folder, results] { run.workspace.use(stage: finished.path) }
      return Output(
        folder: folder, results: results, images: images, rules: rules, report: report, lock: lock)
    }
    if try results.isDone(report), let known = Self.known(in: results) {
      known.confident?.warning.map { report.warn(Self.name, $0) }
      if sayingSo { report.say(Self.name, "up to date: \(folder.path)") }
      return output(known)
    }
    try results.begin(run.configuration)
    if chosen == nil, let note = EvaluationProtocol.note(on: images.dataset) {
      report.warn(Self.name, note)
    }
    try folder.check("detections.json")
    let result = try validation.evaluate(
      in: folder.path, by: rules,
      proposals: reported == nil
        ? nil : proposals().recalls.first { $0.part == ProposeStage.validation }?.recall)
    try write(result, to: results)
    if let confident = result.confident {
      report.say(Self.name, "pictures will show detections of \(confident.thresholds.words)")
      report.say(Self.name, confident.line)
      confident.warning.map { report.warn(Self.name, $0) }
    }
    report.say(Self.name, "wrote \(results.path)")
    return output(result)
  }

  /// Detects what is not detected yet.
  private func detect(
    _ detector: PipelineDetector.Prepared, _ validation: Validation, in folder: StageFolder
  ) throws {
    let isDone = try folder.isDone(report)
    if !isDone { try folder.begin(run.configuration) }
    let labels = try validation.labelling(
      validation.items, in: folder.path, fingerprint: folder.inputs.hash)
    for line in labels.damage { report.say(Self.name, line) }
    if isDone && labels.isUpToDate { return try labels.keepStamps() }
    try folder.reopen()
    for note in validation.images.notes { report.say(Self.name, "val: \(note)") }
    if !labels.isUpToDate { try validation.detect(detector.load(), labels) }
    try validation.export(in: folder.path)
    try folder.finish(outputs: ["detections.jsonl", "detections.json", "images.json"])
  }

  /// The report of a detector's evaluation that is there; nil without one.
  ///
  /// - Parameters:
  ///   - detector: what its detections depend on.
  ///   - propose: as in `ensure`.
  func finished(
    _ detector: StageInputs, propose: () throws(InputError) -> ProposeStage
  ) -> EvaluationReport? {
    guard let folder = try? folder(names: teacher.texts(of: words), detector: detector),
      folder.isFinished
    else { return nil }
    // A given student's may be without the proposals' recall.
    let proposals = (try? reported(propose)).flatMap { $0?.folder.inputs.hash }
    for proposals in [proposals, nil] {
      if let results = try? results(in: folder, proposals: proposals),
        results.isFinished, let report = Self.known(in: results)
      {
        return report
      }
    }
    return nil
  }

  /// The categories that are looked for.
  var words: [CategoryName] { images.words(for: images.split.base + images.split.novel) }

  func embeddedNames() throws -> TextEmbeddings { try teacher.embeddings(of: words) }

  func validation(_ names: TextEmbeddings) throws(InputError) -> Validation {
    Validation(
      images: images, names: names.embeddings, textShares: try textShares(),
      choices: run.configuration.detection, stage: Self.name, report: report)
  }

  /// Where the detections are: their images may change one by one.
  ///
  /// - Parameters:
  ///   - names: with the words that are embedded for them.
  ///   - detector: what the detector depends on.
  func folder(
    names: [CategoryName], detector found: StageInputs
  ) throws(InputError) -> StageFolder {
    var inputs = detector.inputs(found, names: names, textShares: try textShares())
    inputs.add("val", of: try images.inputsImageByImage())
    inputs.add("split", images.split)
    return StageFolder(run, stage: Self.name, inputs: inputs)
  }

  func textShares() throws(InputError) -> [Float] {
    let split = target == nil ? images.split : try run.trainingSplit()
    return split.textShares(of: images.split.base + images.split.novel)
  }

  private var rules: EvaluationProtocol {
    chosen ?? EvaluationProtocol(naturalFor: images.dataset)
  }

  /// Where the report of detections is: each choice that it depends on beside them has a folder of its
  /// own in theirs.
  ///
  /// - Parameter proposals: the hash of what the proposals depend on whose recall is in it.
  func results(
    in folder: StageFolder, proposals: String?
  ) throws(InputError) -> StageFolder {
    var inputs = StageInputs()
    inputs.add("protocol", rules)
    inputs.add("rules", EvaluationReport.rules)
    if let threshold = run.configuration.detection.drawThreshold {
      inputs.add("draw threshold", threshold)
    }
    if let proposals { inputs.add("proposals", hash: proposals) }
    let path = "\(folder.path)/\(rules.rawValue)-\(inputs.hash.prefix(12))"
    // The images may be others under the same names.
    inputs.add("detections", hash: folder.record?.outputs["detections.json"]?.xxh3 ?? "")
    return StageFolder(path, stage: Self.name, inputs: inputs, source: run.source)
  }

  /// The stage of the proposals whose recall stands in the report; nil without them.
  func reported(
    _ propose: () throws(InputError) -> ProposeStage
  ) throws(InputError) -> ProposeStage? {
    if target != nil { return nil }
    let propose = try propose()
    // A given student needs none: they are evaluated where they are there.
    if student != nil && !propose.isFinished { return nil }
    return propose.hasValidation ? propose : nil
  }

  /// The finished report; nil where it is one of another version.
  static func known(in results: StageFolder) -> EvaluationReport? {
    guard let data = try? results.read("report.json"),
      let report = try? JSONDecoder().decode(EvaluationReport.self, from: data),
      report.confident != nil
    else { return nil }
    return report
  }

  /// Of the reports of a folder of detections, that which was made last; nil without one.
  static func lastReport(in folder: String) -> EvaluationReport? {
    let files = VerifyStage.folders(in: folder).compactMap { path in
      FileStamp("\(path)/report.json").map { (path, $0.modified) }
    }
    return files.max { $0.1 < $1.1 }.flatMap { StageFolder(finishedAt: $0.0) }
      .flatMap { try? $0.read("report.json") }
      .flatMap { try? JSONDecoder().decode(EvaluationReport.self, from: $0) }
  }

  private func write(_ result: EvaluationReport, to results: StageFolder) throws {
    try results.reopen()
    try Files.write(Data(result.table().utf8), to: results.file("table.txt"))
    try Files.write(result.json(), to: results.file("report.json"))
    try results.finish(outputs: ["report.json", "table.txt"])
  }
}
