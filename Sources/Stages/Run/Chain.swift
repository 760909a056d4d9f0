import Datasets
import Images
import Pipeline
public import Support

/// The stages of a run in their order, and what each is given of those before it.
///
/// ```
/// photographs, annotations -> propose -> embed -> distill -> detector -> evaluate -> report
///                teacher -----------------^---------^-----------^------------^
/// ```
///
/// Nothing is made before somebody asks for it, and what was made is kept for whoever asks next. A stage
/// gets what it needs as arguments, functions where making it may take hours: so it looks at its own
/// inputs first, and refuses names or choices before any of that work. What functions named `planned`
/// return is found by looking alone.
public final class Chain {
  let run: Run
  let report: Console
  private let shared: Shared
  private let trained = Once<DistillStage.Output>()

  /// What students of every method begin with.
  private final class Shared {
    let teacher = Once<TeacherStage>()
    let network = Once<ProposalNetworkStage?>()
    let propose = Once<ProposeStage>()
    let proposals = Once<ProposeStage.Output>()
    let cache = Once<EmbedStage.Output>()
    let plannedCache = Once<EmbedStage.Planned?>()
    /// The training images as the proposals' stages read them.
    let train = Once<AnnotatedImages>()
  }

  public init(_ run: Run, report: Console) {
    (self.run, self.report, shared) = (run, report, Shared())
  }

  private init(_ other: Chain, _ run: Run) {
    (self.run, report, shared) = (run, other.report, other.shared)
  }

  /// The chain of another row of the pipeline's comparison, which has everything up to the cache in
  /// common with this one.
  func with(_ row: PipelineConfiguration) -> Chain {
    let own = run.configuration
    precondition(
      row.data == own.data && row.teacher == own.teacher && row.regions == own.regions
        && row.proposals == own.proposals && row.proposalNetwork == own.proposalNetwork,
      "rows differ in the student and what it is for")
    return Chain(self, run.with(row))
  }

  // MARK: - Inputs

  /// The training images; each stage that reads them says by itself how the files fit.
  ///
  /// - Parameter labels: of which categories training may see the objects.
  func train(
    _ labels: StudentStageConfiguration.Labels = .base
  ) throws(InputError) -> AnnotatedImages {
    try AnnotatedImages(run.configuration.data.train, of: run, labels: labels)
  }

  /// The validation images.
  func val() throws(InputError) -> AnnotatedImages {
    try AnnotatedImages(run.configuration.data.val, of: run)
  }

  func teacher() throws(InputError) -> TeacherStage {
    try shared.teacher { () throws(InputError) in try TeacherStage(run, report: report) }
  }

  // MARK: - 1. Proposals

  /// The proposal network, trained or not; nil with the user's own proposals.
  func network() throws(InputError) -> ProposalNetworkStage? {
    try shared.network { () throws(InputError) -> ProposalNetworkStage? in
      guard run.configuration.proposals.file == nil else { return nil }
      return try ProposalNetworkStage(run, images: proposedImages(), report: report)
    }
  }

  func propose() throws(InputError) -> ProposeStage {
    try shared.propose { () throws(InputError) in
      try ProposeStage(
        run, train: proposedImages(), val: val(), network: network(), report: report)
    }
  }

  /// The proposals, made where they are missing.
  func proposals() throws -> ProposeStage.Output {
    try shared.proposals { try propose().ensure() }
  }

  /// The proposals that are there; nil without them.
  func plannedProposals() throws -> ProposeStage.Output? {
    try propose().isFinished ? proposals() : nil
  }

  private func proposedImages() throws(InputError) -> AnnotatedImages {
    try shared.train { () throws(InputError) in try train() }
  }

  // MARK: - 2. The teacher's embeddings of the proposals' regions

  /// - Parameter failed: what becomes of images that failed before.
  func embed(_ failed: FailedImages = .ifChanged) throws(InputError) -> EmbedStage {
    EmbedStage(run, images: try train(), teacher: try teacher(), failed: failed, report: report)
  }

  /// The cache, filled where images are missing.
  func cache() throws -> EmbedStage.Output {
    try shared.cache { try embed().ensure(proposals: proposals) }
  }

  /// What the cache would hold; nil while there are no proposals.
  func plannedCache() throws -> EmbedStage.Planned? {
    try shared.plannedCache {
      // Without proposals there is no recipe, and no teacher is loaded for it.
      try plannedProposals().map { try embed().planned(proposals: $0) }
    }
  }

  // MARK: - 3. The student

  /// - Parameter from: the file of a student whose weights training starts from; nil for
  ///   `student.initial_weights`.
  /// - Throws: `InputError` also for choices that exclude each other.
  func distill(from: String? = nil) throws(InputError) -> DistillStage {
    try run.configuration.checkStudent()
    return DistillStage(
      run, images: try train(run.configuration.student.labels), val: val,
      teacher: try teacher(), from: from, report: report)
  }

  /// The trained student.
  func student() throws -> DistillStage.Output {
    try trained { try distill().ensure(cache: cache, network: network) }
  }

  /// Where the student is or will be, and what it is like before training.
  func plannedStudent() throws -> DistillStage.Planned {
    try distill().planned(cache: plannedCache, network: network)
  }

  // MARK: - 4. Detectors: the student, the teacher on the proposals, or both

  /// - Parameter file: of a student to use instead of the pipeline's.
  func detector(_ file: String? = nil) throws(InputError) -> PipelineDetector {
    PipelineDetector(run: run, report: report, teacher: try teacher(), student: file)
  }

  /// What is needed for detecting; trains what is missing.
  func preparedDetector(_ file: String? = nil) throws -> PipelineDetector.Prepared {
    try detector(file).ensure(student: student, finder: finder)
  }

  /// The same as things are now.
  func plannedDetector(_ file: String? = nil) throws -> PipelineDetector.Planned {
    try detector(file).planned(student: plannedStudent, finder: plannedFinder)
  }

  /// The proposal network as a teacher's crops need it, trained; nil with the user's own proposals.
  func finder() throws -> ProposeStage.Finder? { try propose().finder() }

  /// The same as the network is now.
  func plannedFinder() throws -> ProposeStage.Finder? { try propose().plannedFinder() }

  // MARK: - 5. Evaluation

  func evaluate(_ choice: EvaluateStage.Choice = .init()) throws(InputError) -> EvaluateStage {
    let images =
      if let target = choice.target {
        try EvaluateStage.images(of: target, run)
      } else { try val() }
    return EvaluateStage(
      run, images: images, detector: try detector(choice.student), choice, report: report)
  }

  /// The evaluation, made where it is missing. It keeps other processes away from its detections for as
  /// long as somebody has it; so it is looked at each time, and not kept here.
  func evaluation(
    _ choice: EvaluateStage.Choice = .init(), sayingSo: Bool = false
  ) throws -> EvaluateStage.Output {
    try evaluate(choice).ensure(
      detector: { try preparedDetector(choice.student) }, propose: propose, proposals: proposals,
      sayingSo: sayingSo)
  }
}
