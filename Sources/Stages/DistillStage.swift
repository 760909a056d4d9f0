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

  private static let name = "distill"
  private static let kind = "student"

  public init(_ run: Run, report: Report) {
    self.run = run
    self.report = report
  }

  /// Trains the student unless it is there.
  public func execute() throws {
    _ = try ensure(sayingSo: true)
  }

  /// The trained student's file and hash of inputs, made first where missing or stale.
  func ensure(sayingSo: Bool = false) throws -> (student: String, inputs: String) {
    let images = try AnnotatedImages(run.configuration.data.train, of: run)
    let teacher = try TeacherStage(run, report: report)
    // Names that the teacher cannot read are refused before the hours that embedding may take.
    let base = try teacher.embeddings(of: images.words(for: images.split.base))
    let method = run.configuration.student.method
    let cache = method.distils ? try EmbedStage(run, report: report).ensure() : nil
    let folder = StageFolder(
      run, stage: Self.name, inputs: try inputs(images, base: base, teacher: teacher, cache: cache))
    let file = folder.file("student.safetensors")
    if folder.isFinished {
      if sayingSo { report.say(Self.name, "up to date: \(file)") }
    } else {
      try folder.begin(run.configuration)
      try train(folder, images, base: base.embeddings, teacher: teacher, cache: cache, to: file)
      report.say(Self.name, "wrote \(file)")
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

  private func train(
    _ folder: StageFolder, _ images: AnnotatedImages, base: Tensor, teacher: TeacherStage,
    cache: EmbedStage.Output?, to file: String
  ) throws {
    let choices = run.configuration.distillation
    let network = run.configuration.student.network
    let student = Student(
      backbone: try network.initialBackbone(of: run, seed: choices.training.seed),
      configuration: network.detector, method: run.configuration.student.method,
      baseCategories: images.split.base.count, embeddingWidth: base.shape[1],
      seed: choices.training.seed)
    let pixels = student.pixels
    let metadata = try student.metadata(
      inputs: folder.inputs.hash, teacher: teacher.fingerprint, base: images.split.base)
    let reader = try cache.map { try TrainingReader(folder: $0.folder, recipe: $0.recipe) }

    let loop = TrainingLoop(
      configuration: choices.training, kind: Self.kind, parameters: student.parameters,
      folder: folder.path, metadata: metadata)
    let training = TrainingImages(images, stage: Self.name, report: report)
    try loop.run(
      imageCount: try reader?.usableCount() ?? images.dataset.images.count,
      image: { try reader?.usableImageID(at: $0) ?? images.dataset.images[$0].id }
    ) { id, tape, generator in
      guard let image = try training.read(id) else { return nil }
      let (objects, crowds) = images.baseObjects(of: id)
      let regions = try reader.map { try $0.sample(of: id, choices, using: &generator) }
      let example = TrainingExample(
        image: image, objects: objects, crowds: crowds,
        distilled: regions?.boxes ?? []
      ).augmented(
        choices.training, mean: pixels.mean, standardDeviation: pixels.standardDeviation,
        using: &generator)
      let losses = student.losses(
        [example], baseEmbeddings: base, teacher: regions.map { [$0.embeddings] }, tape: tape,
        using: &generator)
      return (losses.total(distillationWeight: choices.weight), losses.values)
    }
    try Checkpoint.write(
      student.parameters, optimizer: nil, kind: Self.kind, step: 0, metadata: metadata, to: file)
    try folder.finish(outputs: ["student.safetensors", "log.jsonl"])
    try? FileManager.default.removeItem(atPath: folder.file("checkpoint.safetensors"))
  }
}

extension TrainingReader {
  /// Some of an image's cached regions, drawn without replacement, with their embeddings.
  fileprivate func sample(
    of id: Int, _ choices: DistillationConfiguration, using generator: inout SeededGenerator
  ) throws(InputError) -> (boxes: [Box], embeddings: Tensor) {
    let record = try record(of: id)
    let width = folder.recipe.teacher.dimension
    // The student cannot look at less than a pixel.
    let seen = record.boxes.indices.filter {
      record.boxes[$0].width >= 1 && record.boxes[$0].height >= 1
    }
    let rows = seen.shuffled(using: &generator).prefix(choices.regionsPerImage).sorted()
    let vectors = rows.flatMap { record.vectors[$0 * width..<($0 + 1) * width] }
    return (rows.map { record.boxes[$0] }, Tensor([rows.count, width], vectors))
  }
}
