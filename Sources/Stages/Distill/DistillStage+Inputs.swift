import Cache
import Datasets
import Distillation
import Evaluation
import Images
import Labelling
import Pipeline
import Student
import Support
import Teacher

extension DistillStage {
  /// What the student depends on.
  ///
  /// - Parameters:
  ///   - base: the base categories as they are embedded.
  ///   - cache: nil where nothing is distilled.
  ///   - start: nil where training starts from the backbone.
  func inputs(
    _ images: AnnotatedImages, base: [CategoryName], teacher: TeacherStage,
    cache: (recipe: Recipe, records: String)?, start: ProposalNetworkStage?, former: StudentFile?
  ) throws(InputError) -> StageInputs {
    let (method, choices) = (run.configuration.student.method, run.configuration.distillation)
    var inputs = StageInputs()
    inputs.add("train", of: try images.trainingInputs())
    inputs.add("method", method)
    if former == nil, startsBackgroundAtMean {
      inputs.add("background", run.configuration.student.initialBackground)
    }
    inputs.add("network", of: try run.configuration.student.network.inputs(of: run))
    inputs.add("training", choices.training.recipe(distils: method.distils))
    // Whatever the student learns, its file says whose embeddings it has the width of.
    inputs.add("teacher", hash: teacher.fingerprint)
    if method.learnsFromText { inputs.add("names", of: teacher.inputs(of: base)) }
    if let cache {
      inputs.add("cache", hash: cache.recipe.hash)
      inputs.add("records", hash: cache.records)
      inputs.add("weight", choices.weight)
      inputs.add("regions", choices.regionsPerImage)
    }
    if let start { inputs.add("initial weights", hash: start.inputs) }
    if let former { inputs.add("from", hash: try former.hash()) }
    return inputs
  }

  /// Where the student is or will be; nil while there are no proposals, on which the cache depends,
  /// and on that the student.
  func plannedFolder(
    _ images: AnnotatedImages, base: TextEmbeddings, teacher: TeacherStage
  ) throws -> StageFolder? {
    var cache: (recipe: Recipe, records: String)?
    if run.configuration.student.method.distils {
      // Without proposals there is no recipe, and no teacher is loaded for it.
      guard try ProposeStage(run, report: report).isFinished,
        let task = try EmbedStage(run, report: report).planned().task
      else { return nil }
      cache = (task.recipe, try EmbeddingChanges(task, failed: .ifChanged).records())
    }
    let former = try former(of: teacher, base: images.split.base)
    return StageFolder(
      run, stage: Self.name,
      inputs: try inputs(
        images, base: base.categories, teacher: teacher, cache: cache,
        start: former == nil ? try initialStage() : nil, former: former))
  }

  /// What average precision in the log depends on beside the student.
  func evaluationInputs(
    _ validation: Validation, _ teacher: TeacherStage
  ) throws(InputError) -> StageInputs {
    let (images, choices) = (validation.images, validation.choices)
    var inputs = PipelineDetector(run: run, report: report, teacher: teacher, student: nil).inputs(
      StudentDetector.inputs(student: "", choices),
      names: teacher.texts(of: images.words(for: images.split.base + images.split.novel)),
      textShares: validation.textShares)
    inputs.add("val", of: try images.inputs())
    inputs.add("split", images.split)
    inputs.add("protocol", run.configuration.evaluation.protocol)
    inputs.add("rules", EvaluationReport.rules)
    return inputs
  }
}
