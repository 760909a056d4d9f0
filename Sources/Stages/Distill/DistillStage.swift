import Cache
import Datasets
import Distillation
import Foundation
import Labelling
import Networks
import Pipeline
import Ranks
import Regions
import Student
import Support
import Teacher
import Tensors
import Training

/// Trains the student: base categories by their text embeddings, and the teacher's embeddings of
/// the offline proposals (sections 3.2 and 3.3).
public struct DistillStage {
  /// The trained student.
  struct Output {
    let file: String
    /// The hash of what it depends on.
    let inputs: String
  }

  let run: Run
  var report: Console
  let images: AnnotatedImages
  let val: () throws(InputError) -> AnnotatedImages
  let teacher: TeacherStage
  /// A student's file that the weights are taken from; nil for `student.initial_weights`.
  let from: String?

  static let name = "distill"
  /// Of its checkpoints and of its progress.
  static let kind = "student"
  private static let student = "student.safetensors"

  /// - Parameters:
  ///   - images: the training images, with the labels that training may see.
  ///   - val: the validation images, where the student is to be evaluated while it learns.
  ///   - from: the file of a student of the same sizes, teacher and base categories, finished or in
  ///     training, or its folder: training starts from its weights, with a schedule of its own.
  init(
    _ run: Run, images: AnnotatedImages, val: @escaping () throws(InputError) -> AnnotatedImages,
    teacher: TeacherStage, from: String?, report: Console
  ) {
    (self.run, self.images, self.val) = (run, images, val)
    (self.teacher, self.from, self.report) = (teacher, from, report)
  }

  /// The trained student, made first where missing or stale.
  ///
  /// - Parameters:
  ///   - cache: is asked for where the method distils, once names and choices are known to be usable.
  ///   - network: whose weights the student starts from where `student.initial_weights` says so.
  ///   - step: how many steps are done when training stops with a checkpoint, from which the next call
  ///     goes on; nil for all.
  func ensure(
    cache: () throws -> EmbedStage.Output,
    network: () throws(InputError) -> ProposalNetworkStage?, sayingSo: Bool = false,
    until step: Int? = nil
  ) throws -> Output {
    try run.configuration.distillation.training.check(
      ranks: run.ranks.count, at: "distillation.training")
    try images.checkThereIsSomethingToLearn()
    let boxNote = try images.boxNote()
    let former = try former()
    let (base, cache) = try run.ranks.leaderFirst {
      // Names that the teacher cannot read are refused before the hours that embedding may take.
      let base = try teacher.embeddings(of: images.words(for: images.split.base))
      return (base, run.configuration.student.method.distils ? try cache() : nil)
    }
    let start = former == nil && startsFromNetwork ? try network() : nil
    try start?.ensure()
    let inputs = try inputs(
      base: base.categories, cache: cache.map { ($0.recipe, $0.records) }, start: start,
      former: former)
    let folder = StageFolder(run, stage: Self.name, inputs: inputs)
    let file = folder.file(Self.student)
    if try run.ranks.leaderDecides({ folder.isUpToDate }) {
      if sayingSo { report.say(Self.name, "up to date: \(file)") }
    } else {
      try folder.finish(with: run.ranks, report) {
        try folder.begin(run.configuration)
        if try folder.keepsTraining(of: Self.student, kind: Self.kind, report) { return false }
        try run.imageContents.write()
        for note in images.notes { report.say(Self.name, "train: \(note)") }
        if let boxNote { report.say(Self.name, boxNote) }
        return true
      } _: {
        try train(
          folder, base: base.embeddings, cache: cache,
          start: { student in
            if let former { return try former.restore(student) }
            try start?.restore(student.proposals)
            try startBackground(of: student, cache: cache)
          }, until: step, to: file)
      }
    }
    if run.ranks.isLeader, folder.isFinished { run.workspace.use(stage: folder.path) }
    return Output(file: file, inputs: folder.inputs.hash)
  }

  /// The student that training starts from.
  ///
  /// - Throws: `InputError` for one of another teacher or other base categories.
  func former() throws(InputError) -> StudentFile? {
    guard let from else { return nil }
    let file = try StudentFile(from)
    try file.check(teacher: teacher.fingerprint)
    try file.check(base: images.split.base)
    return file
  }

  /// Whether it starts from the proposal network, and not from its backbone.
  var startsFromNetwork: Bool { run.configuration.student.initialWeights == .proposalNetwork }

  /// The images of the cache, or without one those of the annotations.
  func source(cache: EmbedStage.Output?) throws(InputError) -> TrainingSource<DueImage> {
    let training = run.configuration.distillation.training
    guard let cache else {
      let ids = images.dataset.images.map(\.id)
      return try TrainingSource(
        ids: ids, categories: ids.map(images.baseCategories), configuration: training)
    }
    return try TrainingSource(
      cache: cache.usable(), configuration: training)
  }

  private func train(
    _ folder: StageFolder, base: Tensor, cache: EmbedStage.Output?,
    start: (Student) throws -> Void, until: Int?, to file: String
  ) throws {
    let training = run.configuration.distillation.training
    let source = try source(cache: cache)
    let student = try newStudent(width: base.shape[1]) { note in
      // Otherwise all of it is replaced.
      if from == nil && !startsFromNetwork { report.say(Self.name, note) }
    }
    try start(student)
    let sums = try learn(
      student, from: source, base: base, cache: cache, in: folder, validation: try validation()
    ) { steps in until.map { steps >= $0 } ?? false }
    try run.ranks.part()
    guard run.ranks.isLeader else { return }
    guard let sums else {
      let done = try Checkpoint(path: folder.file("checkpoint.safetensors"), kind: Self.kind).step
      report.say(
        Self.name,
        "stopped after \(done) of \(source.steps(training).counted("step")), as was asked for; without "
          + "--until-step the same command goes on: \(folder.path)")
      return
    }
    if let leftOut = sums["left_out"], leftOut > 0 {
      report.say(
        Self.name,
        "\(Int(leftOut.rounded())) of \(Int((leftOut + (sums["distilled"] ?? 0)).rounded())) regions "
          + "were not distilled: less than \(training.smallestVisibleShare) of them, or less than a "
          + "pixel, was left to see")
    }
    try Checkpoint.write(
      student.parameters, optimizer: nil, kind: Self.kind, step: 0,
      metadata: metadata(of: student, in: folder), to: file)
    try folder.finish(outputs: [Self.student] + StageFolder.figures)
    try? FileManager.default.removeItem(atPath: folder.file("checkpoint.safetensors"))
    report.say(Self.name, "wrote \(file)")
  }

  /// A student as it is before training.
  ///
  /// - Parameters:
  ///   - width: of the teacher's embeddings.
  ///   - say: is told what was taken of a detector's file, and what not.
  func newStudent(width: Int, say: (String) -> Void = { _ in }) throws -> Student {
    let (network, training) = (
      run.configuration.student.network, run.configuration.distillation.training
    )
    let initial = try network.initial(of: run, seed: training.seed)
    let student = Student(
      backbone: initial.backbone, configuration: network.detector,
      method: run.configuration.student.method,
      baseCategories: images.split.base, embeddingWidth: width, seed: training.seed)
    try initial.start(student.proposals, say: say)
    student.proposals.setBackboneRate(training.backboneRate)
    return student
  }

  private func metadata(
    of student: Student, in folder: StageFolder
  ) throws -> [String: String] {
    try student.metadata(
      inputs: folder.inputs.hash, teacher: teacher.fingerprint, base: images.split.base)
  }

  /// Trains `student` with checkpoints in `folder`; returns the sums of `TrainingLoop.run`.
  ///
  /// - Parameter cache: what the image loss is compared with; nil compares it with nothing.
  func learn(
    _ student: Student, from source: TrainingSource<DueImage>, base: Tensor,
    cache: EmbedStage.Output?, in folder: StageFolder, validation: Validation?,
    stopsAfter: @escaping (_ steps: Int) -> Bool
  ) throws -> [String: Double]? {
    let choices = run.configuration.distillation
    let distils = student.method.distils
    let pixels = student.pixels
    var loop = TrainingLoop(
      configuration: choices.training, kind: Self.kind, parameters: student.parameters,
      folder: folder.path, metadata: try metadata(of: student, in: folder))
    (loop.stopsAfter, loop.console, loop.ranks) = (stopsAfter, report, run.ranks)
    loop.counts = Self.counts
    if let validation {
      loop.evaluationInputs = try evaluationInputs(validation).hash
    }
    loop.warn = { report.warn(Self.name, $0) }
    loop.baselines = {
      try cache.flatMap {
        try ImageLossBaselines(
          cache: $0.usable(),
          regionsPerImage: choices.regionsPerImage, stage: Self.name, on: report)
      }
    }
    let training = TrainingImages(images, stage: Self.name, report: report)
    defer { images.fit.say(Self.name, report) }
    let hasMasks = student.configuration.masks.enabled
    if hasMasks {
      let before = images.dataset.passedOver.lines
      try images.dataset.validateMasks()
      for line in images.dataset.passedOver.lines where !before.contains(line) {
        report.say(Self.name, "train: \(line)")
      }
    }
    return try loop.run(source) { [images] element, generator in
      try training.read(element.id).map { image in
        let (objects, crowds) = images.baseObjects(of: element.id)
        return TrainingExample(
          image: image, objects: objects,
          masks: hasMasks ? try images.baseMasks(of: element.id) : [], crowds: crowds,
          distilled: element.record?.regions ?? EmbeddedRegions()
        ).augmented(
          choices.training, mean: pixels.mean, standardDeviation: pixels.standardDeviation,
          distilledLimit: choices.regionsPerImage, using: &generator)
      }
    } losses: { examples, _, tape, generator in
      let losses = student.losses(
        examples, baseEmbeddings: base,
        maskTarget: { examples[$0].maskTarget(of: $1, in: $2, side: $3) }, tape: tape,
        using: &generator)
      let figures = distils ? Self.distilledFigures(examples) : []
      return (losses.total(distillationWeight: choices.weight), losses.values + figures)
    } evaluate: { step in
      try validation.map { try evaluate(student, by: $0, in: folder, step: step) } ?? []
    }
  }

  /// Only ViLD's one head both meets the teacher's embeddings and has a background.
  var startsBackgroundAtMean: Bool {
    let choices = run.configuration.student
    return choices.method == .vild && choices.initialBackground == .regionMean
  }

  private func startBackground(of student: Student, cache: EmbedStage.Output?) throws {
    guard startsBackgroundAtMean, let cache, let vild = student.regions as? ViLD else { return }
    let images = try cache.usable()
    if let mean = try images.meanEmbedding() { vild.startBackground(at: mean) }
  }

  /// The validation images, where the student is to be evaluated while it learns.
  func validation() throws -> Validation? {
    guard run.configuration.distillation.training.evaluateEverySteps > 0 else { return nil }
    let images = try val()
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

  /// The names of `distilledFigures`.
  private static let counts: Set = ["distilled", "left_out"]
}
