import Cache
import Datasets
import Distillation
import Foundation
import Networks
import Regions
import Student
import Support
import Teacher
import Tensors

/// Trains the student: base categories by their text embeddings, and the teacher's embeddings of
/// the offline proposals (sections 3.2 and 3.3).
public struct DistillStage {
  let run: Run
  let report: Report
  /// A student's file that the weights are taken from; nil for `student.initial_weights`.
  let from: String?

  private static let name = "distill"
  /// Of its checkpoints and of its progress.
  static let kind = "student"

  /// - Parameter from: the file of a student of the same sizes, teacher and base categories, finished
  ///   or in training, or its folder: training starts from its weights, with a schedule of its own.
  public init(_ run: Run, from: String? = nil, report: Report) {
    self.run = run
    self.from = from
    self.report = report
  }

  /// Trains the student unless it is there.
  ///
  /// - Parameter step: how many steps are done when training stops with a checkpoint, from which the
  ///   next call goes on; nil for all.
  public func execute(until step: Int? = nil) throws {
    _ = try ensure(sayingSo: true, until: step)
  }

  /// The trained student's file and hash of inputs, made first where missing or stale.
  func ensure(
    sayingSo: Bool = false, until step: Int? = nil
  ) throws -> (student: String, inputs: String) {
    try checkChoices()
    let images = try AnnotatedImages(
      run.configuration.data.train, of: run, labels: run.configuration.student.labels)
    let teacher = try TeacherStage(run, report: report)
    // Names that the teacher cannot read are refused before the hours that embedding may take.
    let base = try teacher.embeddings(of: images.words(for: images.split.base))
    let method = run.configuration.student.method
    let former = try former(of: teacher, base: images.split.base)
    let cache = method.distils ? try EmbedStage(run, report: report).ensure() : nil
    let start = former == nil ? try initialNetwork() : nil
    var inputs = try inputs(images, base: base, teacher: teacher, cache: cache)
    if let start { inputs.add("initial weights", hash: start.inputs) }
    if let former { inputs.add("from", hash: try former.hash()) }
    let folder = StageFolder(run, stage: Self.name, inputs: inputs)
    let file = folder.file("student.safetensors")
    if folder.isFinished {
      if sayingSo { report.say(Self.name, "up to date: \(file)") }
    } else {
      try folder.finishAlone {
        try folder.begin(run.configuration)
        if let note = images.choiceNote { report.say(Self.name, "train: \(note)") }
        try train(
          folder, images, base: base.embeddings, teacher: teacher, cache: cache,
          start: { student in
            try start?.restore(student.proposals)
            try former?.restore(student)
          }, until: step, to: file)
      }
    }
    return (file, folder.inputs.hash)
  }

  private func inputs(
    _ images: AnnotatedImages, base: TextEmbeddings, teacher: TeacherStage,
    cache: EmbedStage.Output?
  ) throws(InputError) -> StageInputs {
    var inputs = StageInputs()
    try images.add(to: &inputs, as: "train")
    inputs.add("method", run.configuration.student.method)
    try run.configuration.student.network.add(to: &inputs, of: run)
    inputs.add("distillation", run.configuration.distillation)
    inputs.add("teacher", hash: teacher.fingerprint)
    inputs.add("templates", teacher.templates)
    inputs.add("base", base.categories)
    if let cache { inputs.add("cache", hash: cache.recipe.hash) }
    return inputs
  }

  /// The student that training starts from.
  ///
  /// - Throws: `InputError` for one of another teacher or other base categories.
  private func former(
    of teacher: TeacherStage, base: [String]
  ) throws(InputError) -> StudentFile? {
    guard let from else { return nil }
    let file = try StudentFile(from)
    try file.check(teacher: teacher.fingerprint)
    try file.check(base: base)
    return file
  }

  /// The stage whose network the student starts from, made first where it is missing; nil where
  /// it starts from its backbone.
  private func initialNetwork() throws -> ProposeStage? {
    guard run.configuration.student.initialWeights == .proposalNetwork else { return nil }
    let propose = try ProposeStage(run, report: report)
    _ = try propose.ensure()
    return propose
  }

  /// - Throws: `InputError` (`configuration`) for choices that exclude each other.
  func checkChoices() throws(InputError) {
    try checkInitialWeights()
    let (method, labels) = (run.configuration.student.method, run.configuration.student.labels)
    guard labels == .base || method == .supervised else {
      throw InputError(
        .configuration, "novel categories would not be novel to the student", at: "student.labels",
        expected: "base, or student.method supervised", got: "all with \(method.rawValue)")
    }
    let threshold = run.configuration.distillation.training.repeatThreshold
    guard !method.distils || threshold == 0 else {
      throw InputError(
        .configuration, "images of rare categories are not repeated where a cache is read",
        expected:
          "distillation.training.repeat_threshold 0, or a student.method without distillation",
        got: "\(threshold)")
    }
  }

  private func checkInitialWeights() throws(InputError) {
    let choices = run.configuration
    guard choices.student.initialWeights == .proposalNetwork else { return }
    func refuse(expected: String, got: String) -> InputError {
      InputError(
        .configuration, "the student cannot start from the proposal network",
        at: "student.initial_weights", expected: expected, got: got)
    }
    if let file = choices.proposals.file {
      throw refuse(expected: "proposals of a network of our own", got: "proposals.file \(file)")
    }
    let (own, other) = (choices.student.network, choices.proposalNetwork)
    guard own.firstStage.detector == other.firstStage.detector else {
      throw refuse(
        expected: "the same backbone, normalization, pyramid and proposals of both networks",
        got: "a proposals.network that differs")
    }
  }

  /// The images of the cache, or without one those of the annotations.
  private func source(
    _ images: AnnotatedImages, cache: EmbedStage.Output?
  ) throws(InputError) -> TrainingSource {
    let training = run.configuration.distillation.training
    guard let cache else {
      let ids = images.dataset.images.map(\.id)
      return try TrainingSource(
        ids: ids, categories: ids.map(images.baseCategories), configuration: training)
    }
    return try TrainingSource(
      cache: TrainingReader(folder: cache.folder, recipe: cache.recipe), configuration: training)
  }

  private func train(
    _ folder: StageFolder, _ images: AnnotatedImages, base: Tensor, teacher: TeacherStage,
    cache: EmbedStage.Output?, start: (Student) throws -> Void, until: Int?, to file: String
  ) throws {
    let choices = run.configuration.distillation
    let network = run.configuration.student.network
    let student = Student(
      backbone: try network.initialBackbone(of: run, seed: choices.training.seed),
      configuration: network.detector, method: run.configuration.student.method,
      baseCategories: images.split.base.count, embeddingWidth: base.shape[1],
      seed: choices.training.seed)
    try start(student)
    let pixels = student.pixels
    let metadata = try student.metadata(
      inputs: folder.inputs.hash, teacher: teacher.fingerprint, base: images.split.base)
    var loop = TrainingLoop(
      configuration: choices.training, kind: Self.kind, parameters: student.parameters,
      folder: folder.path, metadata: metadata)
    loop.stopsAfter = { steps in until.map { steps >= $0 } ?? false }
    let training = TrainingImages(images, stage: Self.name, report: report)
    let validation = try validation(teacher)
    let hasMasks = network.detector.masks.enabled
    if hasMasks { try images.dataset.validateMasks() }
    let source = try source(images, cache: cache)
    let sums = try loop.run(source) { element, generator in
      try training.read(element.id).map { image in
        let (objects, crowds) = images.baseObjects(of: element.id)
        let example = TrainingExample(
          image: image, objects: objects,
          masks: hasMasks ? try images.baseMasks(of: element.id) : [], crowds: crowds,
          distilled: element.record?.boxes ?? []
        ).augmented(
          choices.training, mean: pixels.mean, standardDeviation: pixels.standardDeviation,
          distilledLimit: choices.regionsPerImage, using: &generator)
        return DistillationExample(example, teacher: element.record, dimension: base.shape[1])
      }
    } losses: { batch, _, tape, generator in
      let examples = batch.map(\.example)
      let augmented = examples.map(\.augmented)
      let losses = student.losses(
        augmented, baseEmbeddings: base,
        teacher: cache == nil ? nil : examples.compactMap(\.teacher),
        maskTarget: { augmented[$0].maskTarget(of: $1, in: $2, side: $3) }, tape: tape,
        using: &generator)
      let figures = cache == nil ? [] : Self.distilledFigures(augmented)
      return (losses.total(distillationWeight: choices.weight), losses.values + figures)
    } evaluate: { step in
      try validation.map { try evaluate(student, by: $0, in: folder, step: step) } ?? []
    }
    guard let sums else {
      let done = try Checkpoint(path: folder.file("checkpoint.safetensors"), kind: Self.kind).step
      report.say(
        Self.name,
        "stopped after \(done) of \(source.steps(choices.training)) steps, as was asked for; "
          + "without --until-step the same command goes on: \(folder.path)")
      return
    }
    if let leftOut = sums["left_out"], leftOut > 0 {
      report.say(
        Self.name,
        "\(Int(leftOut.rounded())) of \(Int((leftOut + (sums["distilled"] ?? 0)).rounded())) regions "
          + "were not distilled: less than \(choices.training.smallestVisibleShare) of them, or less "
          + "than a pixel, was left to see")
    }
    try Checkpoint.write(
      student.parameters, optimizer: nil, kind: Self.kind, step: 0, metadata: metadata, to: file)
    try folder.finish(outputs: ["student.safetensors", "log.jsonl", "curves.svg"])
    try? FileManager.default.removeItem(atPath: folder.file("checkpoint.safetensors"))
    report.say(Self.name, "wrote \(file)")
  }

  /// The validation images, where the student is to be evaluated while it learns.
  private func validation(_ teacher: TeacherStage) throws -> Validation? {
    guard run.configuration.distillation.training.evaluateEverySteps > 0 else { return nil }
    let images = try AnnotatedImages(run.configuration.data.val, of: run)
    let names = images.split.base + images.split.novel
    return Validation(
      images: images, names: try teacher.embeddings(of: images.words(for: names)).embeddings,
      textShares: images.split.textShares(of: names), choices: run.configuration.detection,
      stage: Self.name, report: report)
  }

  /// Average precision of the student as it is, for the log; groups without ground truth have none.
  private func evaluate(
    _ student: Student, by validation: Validation, in folder: StageFolder, step: Int
  ) throws -> [(String, Double)] {
    let path = folder.file("evaluation")
    try? FileManager.default.removeItem(atPath: path)
    try Files.createFolder(path)
    let detector = StudentDetector(
      student: student.folded(), longSide: validation.choices.longSide,
      proposals: validation.choices.proposals)
    try validation.detect(
      detector, in: path, fingerprint: "step \(step) of \(folder.inputs.hash)")
    return try validation.evaluate(in: path, by: run.configuration.evaluation.chosen).figures
  }

  /// For the log, means over a forward pass's images.
  private static func distilledFigures(_ examples: [AugmentedExample]) -> [(String, Double)] {
    func mean(_ counts: [Int]) -> Double { Double(counts.reduce(0, +)) / Double(counts.count) }
    return [
      ("distilled", mean(examples.map(\.distilled.count))),
      ("left_out", mean(examples.map(\.leftOut))),
    ]
  }
}

/// An augmented image with the teacher's embeddings of its distilled regions.
private struct DistillationExample: Sendable {
  let augmented: AugmentedExample
  /// [R, D] unit rows, one a distilled region; nil when nothing is distilled.
  let teacher: Tensor?

  init(_ augmented: AugmentedExample, teacher record: CacheRecord?, dimension: Int) {
    self.augmented = augmented
    teacher = record.map { record in
      let rows = augmented.distilledRows
      return Tensor(
        [rows.count, dimension],
        rows.flatMap { record.vectors[$0 * dimension..<($0 + 1) * dimension] })
    }
  }
}
