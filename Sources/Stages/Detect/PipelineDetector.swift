import Datasets
import Detection
import Labelling
import Pipeline
import Student
import Support
import Teacher
import Tensors

/// The detector that the pipeline file asks for, made first where it has to be trained.
struct PipelineDetector {
  let run: Run
  let report: Console
  let teacher: TeacherStage
  /// The file of the student to use, whatever the stage `distill` has made; nil for its student.
  let student: String?

  private var choices: DetectionConfiguration { run.configuration.detection }
  /// Of the student's products.
  private var precision: Precision { choices.precision ?? .float32 }

  /// What is needed for detecting, once it is known that something has to be detected.
  struct Prepared {
    /// What the detections depend on beside images and names.
    let inputs: StageInputs
    /// What a store can keep of its regions; nil of one that knows no other categories.
    let kept: KeptRegions?
    let load: () throws -> any Detector
  }

  /// What a store can keep of a detector's regions.
  struct KeptRegions {
    let embeddings: [StoreRecipe.Head]
    /// 0 without masks.
    let maskSide: Int
  }

  /// The same while it may not be trained yet.
  struct Planned {
    /// nil while there are no proposals.
    let inputs: StageInputs?
    /// Of the student; nil where there is none, or while there are no proposals.
    let folder: String?
    let kept: KeptRegions?
    let isTrained: Bool
    /// One as costly where it is not trained.
    let load: () throws -> any Detector
  }

  /// Trains what is missing.
  ///
  /// - Parameters: the pipeline's student and proposal network, of which the one that the classifier
  ///   needs is asked for; `finder` is nil with the user's own proposals.
  /// - Throws: `InputError` (`configuration`) for a classifier that the method or the proposals do
  ///   not go with, or a precision that this processor lacks.
  func ensure(
    student: () throws -> DistillStage.Output, finder: () throws -> ProposeStage.Finder?
  ) throws -> Prepared {
    try precision.requireAvailable(at: "detection.precision")
    switch choices.classifier {
    case .student:
      let (file, hash, masks) = try trained(student)
      return Prepared(inputs: inputs(student: hash), kept: kept(masks)) { try detector(file()) }
    case .teacherCrops, .teacherCropsObjectness:
      let (finder, inputs) = try teacherInputs(finder)
      return Prepared(inputs: inputs, kept: kept(nil)) {
        try teacherDetector(try finder.load())
      }
    case .textAndTeacherCrops:
      try checkMethod()
      let (file, hash, masks) = try trained(student)
      return Prepared(inputs: inputs(student: hash), kept: kept(masks)) {
        TextAndTeacherDetector(
          student: try detector(file()), embedder: teacher.embedder(try teacher.load()))
      }
    }
  }

  /// What is kept of the regions that the pipeline's classifier looks at.
  ///
  /// - Parameter masks: of the student; nil without one.
  private func kept(_ masks: MaskHeadConfiguration?) -> KeptRegions? {
    let side = masks.map { $0.enabled ? $0.side : 0 } ?? 0
    let embeddings: [StoreRecipe.Head]
    switch choices.classifier {
    case .teacherCrops, .teacherCropsObjectness: embeddings = [.image]
    case .textAndTeacherCrops: embeddings = [.text, .image]
    case .student:
      switch run.configuration.student.method {
      case .supervised: return nil
      case .vildText, .vild: embeddings = [.text]
      case .vildImage: embeddings = [.image]
      case .vildEnsemble: embeddings = [.text, .image]
      }
    }
    return KeptRegions(embeddings: embeddings, maskSide: side)
  }

  /// The given student, or the pipeline's, what identifies it, and its masks.
  private func trained(
    _ pipelines: () throws -> DistillStage.Output
  ) throws -> (file: () throws -> StudentFile, hash: String, masks: MaskHeadConfiguration) {
    guard let student else {
      let trained = try pipelines()
      let masks = run.configuration.student.network.detector.masks
      return ({ try StudentFile(trained.file) }, trained.inputs, masks)
    }
    let file = try StudentFile(student)
    try file.check(teacher: teacher.fingerprint)
    try file.check(method: run.configuration.student.method)
    let split = try run.trainingSplit()
    try file.check(
      base: run.configuration.student.labels == .all ? split.allBase.base : split.base)
    report.say("student", file.description)
    return ({ file }, try file.hash(), file.configuration.masks)
  }

  private func detector(_ file: StudentFile) throws -> StudentDetector {
    try file.check(teacher: teacher.fingerprint)
    return StudentDetector(
      student: try file.student(precision), longSide: choices.longSide, proposals: choices.proposals
    )
  }

  /// What detections depend on beside their images.
  ///
  /// - Parameters:
  ///   - detector: what the detector depends on.
  ///   - names: as they were embedded.
  ///   - textShares: one a name.
  func inputs(
    _ detector: StageInputs, names: [CategoryName], textShares: [Float]
  ) -> StageInputs {
    let method = run.configuration.student.method
    var inputs = StageInputs()
    inputs.add("detector", of: detector)
    if method.isOpenVocabulary || choices.classifier != .student {
      inputs.add("names", of: teacher.inputs(of: names))
    } else {
      inputs.add("names", names.map(\.name))
    }
    if hasTextShares { inputs.add("text shares", textShares) }
    inputs.add("choosing", choices.postProcessing)
    inputs.add("lines", DetectionFile.version)
    return inputs
  }

  private var hasTextShares: Bool {
    run.configuration.student.method == .vildEnsemble
      || choices.classifier == .textAndTeacherCrops
  }

  /// The same with parents and attributes, where there are any.
  func inputs(_ detector: StageInputs, for asked: AskedNames) -> StageInputs {
    var inputs = self.inputs(
      detector, names: asked.names.categories, textShares: asked.categories.textShares)
    if let names = asked.parents, let parents = asked.categories.parents {
      inputs.add("parents", of: teacher.inputs(of: names.categories))
      inputs.add("children", parents.children.map { [$0.lowerBound, $0.upperBound] })
      if hasTextShares { inputs.add("text shares of parents", parents.textShares) }
    }
    if let names = asked.attributes {
      inputs.add("attributes", of: teacher.inputs(of: names.categories))
    }
    return inputs
  }

  /// A detector as costly as the one that the pipeline asks for, and what the detections would
  /// depend on, if that is known yet; trains nothing.
  ///
  /// - Parameters: as those of `ensure`, as they are now.
  /// - Throws: `InputError` as `ensure`.
  func planned(
    student: () throws -> DistillStage.Planned, finder: () throws -> ProposeStage.Finder?
  ) throws -> Planned {
    try precision.requireAvailable(at: "detection.precision")
    if self.student != nil {
      let given = try ensure(
        student: { preconditionFailure("a student that is given is trained") }, finder: finder)
      return Planned(
        inputs: given.inputs, folder: nil, kept: given.kept, isTrained: true, load: given.load)
    }
    switch choices.classifier {
    case .student, .textAndTeacherCrops:
      if choices.classifier != .student { try checkMethod() }
      let planned = try student()
      let trained = planned.folder.flatMap { $0.isFinished ? $0.path : nil }
      let inputs = (planned.folder?.inputs.hash).map { self.inputs(student: $0) }
      return Planned(
        inputs: inputs, folder: planned.folder?.path,
        kept: kept(run.configuration.student.network.detector.masks), isTrained: trained != nil
      ) {
        let student =
          if let trained {
            try StudentFile(trained).student(precision)
          } else {
            try planned.new().folded(precision)
          }
        let detector = StudentDetector(
          student: student, longSide: choices.longSide, proposals: choices.proposals)
        if choices.classifier == .student { return detector }
        return TextAndTeacherDetector(
          student: detector, embedder: teacher.embedder(try teacher.load()))
      }
    case .teacherCrops, .teacherCropsObjectness:
      let (finder, inputs) = try teacherInputs(finder)
      return Planned(
        inputs: inputs, folder: nil, kept: kept(nil), isTrained: finder.isTrained
      ) {
        try teacherDetector(try finder.load())
      }
    }
  }

  /// - Throws: `InputError` (`configuration`) for a student that is not ViLD-text.
  private func checkMethod() throws(InputError) {
    let method = run.configuration.student.method
    guard method == .vildText else {
      throw InputError(
        .configuration, "the teacher's view of crops is added to a ViLD-text student",
        at: "detection.classifier", expected: "student.method vild_text", got: method.rawValue)
    }
  }

  /// What the teacher looks at, and what its detections depend on.
  func teacherInputs(
    _ finder: () throws -> ProposeStage.Finder?
  ) throws -> (finder: ProposeStage.Finder, inputs: StageInputs) {
    guard student == nil else {
      throw InputError(
        .configuration, "this classifier uses no student", at: "detection.classifier",
        expected: "one with a student, or no --student", got: choices.classifier.rawValue)
    }
    guard let finder = try finder() else {
      throw InputError(
        .configuration, "the teacher looks at the proposals of a network of our own",
        at: "detection.classifier", expected: "a pipeline without proposals.file",
        got: choices.classifier.rawValue)
    }
    let inputs = TeacherDetector.inputs(
      proposals: finder.inputs, regions: teacher.regionInputs,
      usesObjectness: choices.classifier == .teacherCropsObjectness, temperature: temperature)
    return (finder, inputs)
  }

  /// - Parameter student: its hash, or that of what it depends on.
  func inputs(student: String) -> StageInputs {
    let inputs = StudentDetector.inputs(student: student, choices, precision: precision)
    guard choices.classifier == .textAndTeacherCrops else { return inputs }
    return TextAndTeacherDetector.inputs(inputs, regions: teacher.regionInputs)
  }

  private var temperature: Float {
    run.configuration.student.network.detector.regions.temperature
  }

  private func teacherDetector(_ finder: ProposalFinder) throws -> TeacherDetector {
    TeacherDetector(
      finder: finder, embedder: teacher.embedder(try teacher.load()),
      usesObjectness: choices.classifier == .teacherCropsObjectness, temperature: temperature)
  }
}
