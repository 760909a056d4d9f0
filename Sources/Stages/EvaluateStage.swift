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
  let report: Report
  private let target: Target?
  private let chosen: EvaluationProtocol?
  private let student: String?

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
    student: String? = nil, report: Report
  ) {
    self.student = student
    self.run = run
    self.report = report
    self.target = target
    chosen = `protocol` ?? run.configuration.evaluation.chosen
  }

  /// Detects what is not detected yet, evaluates unless that has been done by the same protocol, and
  /// prints the table.
  ///
  /// - Parameter categories: whether each category has a row; nil lists up to 30 of them.
  public func execute(categories: Bool? = nil) throws {
    try StandardOutput.write(ensure(sayingSo: true).report.table(categories: categories))
  }

  /// Where the evaluation is, and of which images.
  struct Output {
    let folder: StageFolder
    let images: AnnotatedImages
    let report: EvaluationReport
  }

  /// The evaluation, made first where it is missing or by another protocol.
  func ensure(sayingSo: Bool = false) throws -> Output {
    let images = try annotatedImages()
    let rules = chosen ?? EvaluationProtocol(naturalFor: images.dataset)
    let teacher = try TeacherStage(run, report: report)
    // Names that the teacher cannot read are refused before the hours that training may take.
    let names = try teacher.embeddings(
      of: images.words(for: images.split.base + images.split.novel))
    let detector = try DetectorStage(
      run: run, report: report, teacher: teacher, student: student
    ).ensure()
    let folder = try folder(images, names: names.categories, detector: detector.inputs)
    let validation = Validation(
      images: images, names: names.embeddings, textShares: try textShares(images),
      choices: run.configuration.detection, stage: Self.name, report: report)
    if !folder.isFinished { try folder.begin(run.configuration) }
    let labels = try validation.labelling(
      validation.items, in: folder.path, fingerprint: folder.inputs.hash)
    if labels.isUpToDate, let known = known(in: folder), known.boxes.protocol == rules {
      try labels.keepStamps()
      known.confident?.warning.map { report.warn(Self.name, $0) }
      if sayingSo { report.say(Self.name, "up to date: \(folder.path)") }
      return Output(folder: folder, images: images, report: known)
    }
    if !folder.isFinished || !labels.isUpToDate {
      try folder.reopen()
      if chosen == nil, let note = EvaluationProtocol.note(on: images.dataset) {
        report.warn(Self.name, note)
      }
      for note in images.notes { report.say(Self.name, "val: \(note)") }
      if !labels.isUpToDate { try validation.detect(detector.load(), labels) }
      try validation.export(in: folder.path)
    }
    let result = try validation.evaluate(in: folder.path, by: rules, proposals: proposals())
    try write(result, to: folder)
    if let confident = result.confident {
      report.say(Self.name, "pictures will show detections of \(confident.thresholds.words)")
      report.say(Self.name, confident.line)
      confident.warning.map { report.warn(Self.name, $0) }
    }
    report.say(Self.name, "wrote \(folder.path)")
    return Output(folder: folder, images: images, report: result)
  }

  /// The report of a detector's evaluation that is there; nil without one, also where the validation
  /// images are not at hand.
  ///
  /// - Parameter detector: the hash of what its detections depend on.
  func finished(_ detector: String, _ teacher: TeacherStage) -> EvaluationReport? {
    guard let images = try? annotatedImages() else { return nil }
    let names = teacher.texts(
      of: images.words(for: images.split.base + images.split.novel))
    return (try? folder(images, names: names, detector: detector)).flatMap { known(in: $0) }
  }

  /// - Parameter names: with the words that are embedded for them.
  func folder(
    _ images: AnnotatedImages, names: [CategoryName], detector: String
  ) throws(InputError) -> StageFolder {
    var inputs = StageInputs()
    try images.addAnnotations(to: &inputs, as: "val")
    inputs.add("val images", images.dataset.images.map(images.file))
    inputs.add("split", images.split)
    inputs.add("detector", hash: detector)
    inputs.add("names", names)
    inputs.add("choices", run.configuration.detection.ofDetections)
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

  private func proposals() throws -> [Proposals]? {
    if target != nil { return nil }
    let propose = try ProposeStage(run, report: report)
    // A given student needs none: they are evaluated where they are there.
    if student != nil && !propose.isFinished { return nil }
    return try propose.ensure().val.map {
      try ProposalsReader(path: $0).readAll()
    }
  }

  /// The finished report; nil where there is none, or one of another version or draw threshold.
  private func known(in folder: StageFolder) -> EvaluationReport? {
    guard folder.isFinished, let data = try? Files.read(folder.file("report.json")),
      let report = try? JSONDecoder().decode(EvaluationReport.self, from: data),
      let confident = report.confident
    else { return nil }
    let wanted = DrawThresholds(
      given: run.configuration.detection.drawThreshold, chosen: report.boxes.thresholds)
    return confident.thresholds == wanted ? report : nil
  }

  private func write(_ result: EvaluationReport, to folder: StageFolder) throws {
    try Files.write(Data(result.table().utf8), to: folder.file("table.txt"))
    try Files.write(result.json(), to: folder.file("report.json"))
    try folder.finish(outputs: ["detections.jsonl", "detections.json", "report.json", "table.txt"])
  }

  /// Evaluates detections that are already there, from any detector.
  ///
  /// - Parameters:
  ///   - detections: COCO results.
  ///   - split: JSON with the lists `base` and `novel`; nil evaluates all categories.
  ///   - protocol: nil for that of the annotations' form.
  ///   - choice: of boxes and masks; nil for what all objects and detections have.
  ///   - isStrict: whether what is otherwise passed over with a word is an error.
  ///   - report: is told what is passed over.
  ///   - timing: whether it is told how long it took.
  public static func evaluate(
    detections: String, annotations: String, split: String?, by protocol: EvaluationProtocol?,
    comparing choice: ComparedShapes.Choice?, isStrict: Bool, report: Report, timing: Bool
  ) throws(InputError) -> EvaluationReport {
    let clock = ContinuousClock()
    let start = clock.now
    let passedOver = PassedOver(isStrict: isStrict)
    let dataset = try COCODataset(path: annotations, passingOver: passedOver)
    let split = try split.map { path throws(InputError) in
      try CategorySplit(path: path, of: dataset.categories.map(\.name))
    }
    let results = try DetectionResults(path: detections, of: dataset, passingOver: passedOver)
    let read = clock.now
    let result = try EvaluationReport(
      of: results, dataset, by: `protocol`, comparing: choice, split: split
    ) { report.warn(name, $0) }
    // Outlines are read while they are compared.
    for line in passedOver.lines { report.warn(name, line) }
    if timing {
      report.say(name, "read in \(read - start), evaluated in \(clock.now - read)")
    }
    return result
  }
}
