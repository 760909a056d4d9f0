import Cache
import Datasets
import Detection
public import Evaluation
import Foundation
import Images
import Regions
import Student
public import Support
import Teacher
import Tensors

/// Runs the student over annotated images and prints average precision for base, novel and all
/// categories; over the pipeline's validation images with the proposals' recall.
public struct EvaluateStage {
  /// Annotated images of another data set than the pipeline's.
  public struct Target {
    let annotations: String
    let images: String

    /// - Parameters:
    ///   - annotations: a file in COCO's or LVIS's form, or a folder of Pascal VOC's XML files.
    ///   - images: the folder of the images.
    public init(annotations: String, images: String) {
      self.annotations = annotations
      self.images = images
    }
  }

  let run: Run
  let report: Console
  let target: Target?
  let chosen: EvaluationProtocol?
  let student: String?

  static let name = "evaluate"

  /// - Parameters:
  ///   - target: nil for the pipeline's validation images. The categories of another data set are
  ///     looked for by their names; those that the pipeline trained on by name are base, the others
  ///     novel, and an ensemble treats each as `vild detect` does: a name of the pipeline's split by
  ///     its list, any other name halfway.
  ///   - protocol: nil for the pipeline file's.
  ///   - student: the file of a student of the pipeline's teacher, method and base categories, finished
  ///     or in training, or its folder; nil for the one that the pipeline trains.
  public init(
    _ run: Run, on target: Target? = nil, by protocol: EvaluationProtocol? = nil,
    student: String? = nil, report: Console
  ) {
    self.student = student
    self.run = run
    self.report = report
    self.target = target
    chosen = `protocol` ?? run.configuration.evaluation.chosen
  }

  /// Where the evaluation is, and of which images.
  struct Output {
    /// Of the detections.
    let folder: StageFolder
    /// Of the report.
    let results: StageFolder
    let images: AnnotatedImages
    let report: EvaluationReport
    /// Keeps them as they are.
    let lock: StageLock
  }

  /// The evaluation, made first where it is missing.
  ///
  /// - Throws: `InputError` (`tryAgain`) while another process evaluates these detections.
  func ensure(sayingSo: Bool = false) throws -> Output {
    let images = try annotatedImages()
    let teacher = try TeacherStage(run, report: report)
    // Names that the teacher cannot read are refused before the hours that training may take.
    let names = try teacher.embeddings(
      of: images.words(for: images.split.base + images.split.novel))
    let detector = try detectorStage(teacher).ensure()
    let folder = try folder(
      images, names: names.categories, detector: detector.inputs, teacher: teacher)
    let validation = Validation(
      images: images, names: names.embeddings, textShares: try textShares(images),
      choices: run.configuration.detection, stage: Self.name, report: report)
    let lock = try folder.lock()
    defer { withExtendedLifetime(lock) {} }
    try detect(detector, validation, in: folder)
    let propose = try proposals()
    let results = try results(in: folder, of: images, proposals: propose?.folder.inputs.hash)
    func output(_ report: EvaluationReport) -> Output {
      for finished in [folder, results] { run.workspace.use(stage: finished.path) }
      return Output(folder: folder, results: results, images: images, report: report, lock: lock)
    }
    if try results.isDone(report), let known = known(in: results) {
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
      in: folder.path, by: rules(images),
      proposals: propose?.ensure().recalls.first { $0.part == ProposeStage.validation }?.recall)
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

  /// The report of a detector's evaluation that is there; nil without one, also where the validation
  /// images are not at hand.
  ///
  /// - Parameter detector: what its detections depend on.
  func finished(_ detector: StageInputs, _ teacher: TeacherStage) -> EvaluationReport? {
    guard let images = try? annotatedImages() else { return nil }
    let names = teacher.texts(
      of: images.words(for: images.split.base + images.split.novel))
    guard
      let folder = try? folder(images, names: names, detector: detector, teacher: teacher),
      folder.isFinished
    else { return nil }
    // A given student's may be without the proposals' recall.
    let proposals = (try? proposals()).flatMap { $0?.folder.inputs.hash }
    for proposals in [proposals, nil] {
      if let results = try? results(in: folder, of: images, proposals: proposals),
        results.isFinished, let report = known(in: results)
      {
        return report
      }
    }
    return nil
  }

  func detectorStage(_ teacher: TeacherStage) -> PipelineDetector {
    PipelineDetector(run: run, report: report, teacher: teacher, student: student)
  }

  /// Where the detections are: their images may change one by one.
  ///
  /// - Parameters:
  ///   - names: with the words that are embedded for them.
  ///   - detector: what the detector depends on.
  func folder(
    _ images: AnnotatedImages, names: [CategoryName], detector: StageInputs, teacher: TeacherStage
  ) throws(InputError) -> StageFolder {
    var inputs = detectorStage(teacher).inputs(
      detector, names: names, textShares: try textShares(images))
    inputs.add("val", of: try images.inputsImageByImage())
    inputs.add("split", images.split)
    return StageFolder(run, stage: Self.name, inputs: inputs)
  }

  func annotatedImages() throws(InputError) -> AnnotatedImages {
    guard let target else { return try AnnotatedImages(run.configuration.data.val, of: run) }
    let (method, classifier) = (
      run.configuration.student.method, run.configuration.detection.classifier
    )
    guard method.isOpenVocabulary || classifier != .student else {
      throw InputError(
        .configuration, "a student of method '\(method.rawValue)' knows no other categories",
        at: "student.method", expected: "a method that learns from text", got: method.rawValue)
    }
    let training = try run.trainingSplit()
    return try AnnotatedImages(
      annotations: target.annotations, folder: target.images, of: run
    ) { dataset in
      CategorySplit(of: dataset.categories.map(\.name), asTrainedOn: training)
    }
  }

  func textShares(_ images: AnnotatedImages) throws(InputError) -> [Float] {
    let split = target == nil ? images.split : try run.trainingSplit()
    return split.textShares(of: images.split.base + images.split.novel)
  }

  func rules(_ images: AnnotatedImages) -> EvaluationProtocol {
    chosen ?? EvaluationProtocol(naturalFor: images.dataset)
  }

  /// Where the report of detections is: each choice that it depends on beside them has a folder of its
  /// own in theirs.
  ///
  /// - Parameter proposals: the hash of what the proposals depend on whose recall is in it.
  func results(
    in folder: StageFolder, of images: AnnotatedImages, proposals: String?
  ) throws(InputError) -> StageFolder {
    var inputs = StageInputs()
    inputs.add("protocol", rules(images))
    inputs.add("rules", EvaluationReport.rules)
    if let threshold = run.configuration.detection.drawThreshold {
      inputs.add("draw threshold", threshold)
    }
    if let proposals { inputs.add("proposals", hash: proposals) }
    let path = "\(folder.path)/\(rules(images).rawValue)-\(inputs.hash.prefix(12))"
    // The images may be others under the same names.
    inputs.add("detections", hash: folder.record?.outputs["detections.json"]?.xxh3 ?? "")
    return StageFolder(path, stage: Self.name, inputs: inputs, source: run.source)
  }

  /// The stage of the proposals whose recall stands in the report; nil without them.
  func proposals() throws -> ProposeStage? {
    if target != nil { return nil }
    let propose = try ProposeStage(run, report: report)
    // A given student needs none: they are evaluated where they are there.
    if student != nil && !propose.isFinished { return nil }
    return propose.hasValidation ? propose : nil
  }

  /// The finished report; nil where it is one of another version.
  func known(in results: StageFolder) -> EvaluationReport? {
    guard let data = try? results.read("report.json"),
      let report = try? JSONDecoder().decode(EvaluationReport.self, from: data),
      report.confident != nil
    else { return nil }
    return report
  }

  private func write(_ result: EvaluationReport, to results: StageFolder) throws {
    try results.reopen()
    try Files.write(Data(result.table().utf8), to: results.file("table.txt"))
    try Files.write(result.json(), to: results.file("report.json"))
    try results.finish(outputs: ["report.json", "table.txt"])
  }
}
