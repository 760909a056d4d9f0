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
import Tensors

extension DistillStage {
  /// What the student depends on.
  ///
  /// - Parameters:
  ///   - base: the base categories as they are embedded.
  ///   - cache: nil where nothing is distilled.
  ///   - start: nil where training starts from the backbone.
  func inputs(
    base: [CategoryName], cache: (recipe: TeacherRecipe, records: String)?,
    start: ProposalNetworkStage?, former: StudentFile?
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

  /// The student as things stand.
  struct Planned {
    /// Where it is or will be; nil while there are no proposals, on which the cache depends, and on
    /// that the student.
    let folder: StageFolder?
    /// One that is not trained.
    let new: () throws -> Student
  }

  /// Looks only; `cache` is nil while there are no proposals.
  func planned(
    cache: () throws -> EmbedStage.Planned?,
    network: () throws(InputError) -> ProposalNetworkStage?
  ) throws -> Planned {
    let base = try teacher.embeddings(of: images.words(for: images.split.base))
    let width = base.embeddings.shape[1]
    return Planned(
      folder: try plannedFolder(base: base.categories, cache: cache, network: network)
    ) { try newStudent(width: width) }
  }

  func plannedFolder(
    base: [CategoryName], cache: () throws -> EmbedStage.Planned?,
    network: () throws(InputError) -> ProposalNetworkStage?
  ) throws -> StageFolder? {
    let distils = run.configuration.student.method.distils
    let cache = distils ? try cache() : nil
    if distils && cache == nil { return nil }
    let former = try former()
    return StageFolder(
      run, stage: Self.name,
      inputs: try inputs(
        base: base, cache: cache.map { ($0.recipe, $0.records) },
        start: former == nil && startsFromNetwork ? try network() : nil, former: former))
  }

  /// What average precision in the log depends on beside the student.
  func evaluationInputs(_ validation: Validation) throws(InputError) -> StageInputs {
    let (images, choices) = (validation.images, validation.choices)
    var inputs = PipelineDetector(run: run, report: report, teacher: teacher, student: nil).inputs(
      StudentDetector.inputs(student: "", choices, precision: .float32),
      names: teacher.texts(of: images.words(for: images.split.base + images.split.novel)),
      textShares: validation.textShares)
    inputs.add("val", of: try images.inputs())
    inputs.add("split", images.split)
    inputs.add("protocol", run.configuration.evaluation.protocol)
    inputs.add("rules", EvaluationReport.rules)
    return inputs
  }
}
