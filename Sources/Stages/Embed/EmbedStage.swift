import Cache
import Datasets
import Images
import Pipeline
import Regions
public import Support
import Teacher
import Tensors

/// The teacher's embeddings of the offline proposals' regions, as a cache (section 3.3).
public struct EmbedStage {
  /// A complete cache, ready for training.
  struct Output {
    let folder: String
    let recipe: Recipe
    /// The images to train on; the cache may hold others.
    let images: [Int]
    /// Names what training sees: the images, their files' contents and their regions.
    let records: String
    /// Whether some images failed.
    let hasFailures: Bool
    /// What is said of it where nothing is to be done.
    let upToDate: String

    /// Those of `images` that did not fail, with their records.
    func usable() throws(InputError) -> UsableImages {
      try UsableImages(of: CacheReader(folder: folder, recipe: recipe), only: images)
    }
  }

  let run: Run
  let report: Console
  private let failed: FailedImages

  static let name = "embed"

  /// For the stages that need the cache: images that failed are tried again where they have changed.
  init(_ run: Run, report: Console) {
    (self.run, self.report) = (run, report)
    failed = .ifChanged
  }

  /// - Parameter retries: whether images that failed before are tried again, once.
  public init(_ run: Run, retries: Bool, report: Console) {
    self.run = run
    failed = retries ? .retry : .leave
    self.report = report
  }

  /// What is to be done, and what it will take; embeds nothing but a sample. Where there are no
  /// proposals yet, of as many regions as there may be. To be asked for once in a process: the memory
  /// is the process's.
  public func plan() throws -> EmbeddingPlan {
    let (task, images, embedder) = try planned()
    let perShard = run.configuration.regions.imagesPerShard
    let size: EmbeddingSize
    if let task {
      size = try EmbeddingSize(
        task, again: EmbeddingChanges(task, failed: failed).images, imagesPerShard: perShard)
    } else {
      size = try EmbeddingSize(
        images.sampleProposals(run.configuration.proposals.top), at: run.folder,
        width: embedder.teacher.width, imagesPerShard: perShard)
    }
    let sample = try EmbeddingSample.measure(size.sample(), of: images, with: embedder)
    return EmbeddingPlan(
      size, cache: task?.folder.path, images: images.dataset.images.count,
      cropsPerRegion: embedder.rule.factors.count, sample: sample)
  }

  /// What is to be done as the pipeline stands; there is no task while there are no proposals.
  func planned() throws -> (
    task: EmbeddingTask?, images: AnnotatedImages, embedder: RegionEmbedder
  ) {
    let images = try AnnotatedImages(run.configuration.data.train, of: run)
    let stage = try TeacherStage(run, report: report)
    let teacher = try stage.load()
    let propose = try ProposeStage(run, report: report)
    let task =
      propose.isFinished
      ? try Self.task(
        images, proposals: propose.ensure().train, from: propose.source, with: teacher, of: stage,
        into: "\(run.folder)/cache") : nil
    return (task, images, stage.embedder(teacher))
  }

  /// The cache, filled first where it is missing or incomplete.
  func ensure() throws -> Output {
    let choices = run.configuration
    var inputs = StageInputs()
    inputs.add("data", choices.data)
    inputs.add("teacher", choices.teacher)
    inputs.add("proposals", choices.proposals)
    inputs.add("network", choices.proposalNetwork)
    inputs.add("regions", choices.regions)
    return try run.workspace.cache(of: inputs) {
      let (task, embedder) = try prepare()
      return try embed(task, with: embedder)
    }
  }

  /// Embeds the proposals of a file into the cache of their recipe.
  func embed(
    _ images: AnnotatedImages, proposals file: String, with teacher: any Teacher,
    of stage: TeacherStage, into folder: String
  ) throws -> Output {
    let task = try Self.task(
      images, proposals: file, from: Fingerprint.file(file), with: teacher, of: stage, into: folder)
    return try embed(task, with: stage.embedder(teacher))
  }

  // MARK: - What is to be done

  func prepare() throws -> (task: EmbeddingTask, embedder: RegionEmbedder) {
    let images = try AnnotatedImages(run.configuration.data.train, of: run)
    // A teacher that cannot be used is refused before the hours that proposals may take.
    let stage = try TeacherStage(run, report: report)
    let teacher = try stage.load()
    let propose = try ProposeStage(run, report: report)
    let task = try Self.task(
      images, proposals: propose.ensure().train, from: propose.source, with: teacher, of: stage,
      into: "\(run.folder)/cache")
    return (task, stage.embedder(teacher))
  }

  /// - Parameter source: names what made the proposals; those of each image are compared one by one.
  private static func task(
    _ images: AnnotatedImages, proposals file: String, from source: String,
    with teacher: any Teacher, of stage: TeacherStage, into folder: String
  ) throws -> EmbeddingTask {
    let proposals = try RegionsToEmbed(file)
    return EmbeddingTask(
      images: images, proposals: proposals,
      recipe: stage.recipe(teacher, proposals: .init(file: source, labels: proposals.labels)),
      root: folder)
  }

  // MARK: - Doing it

  private func embed(_ task: EmbeddingTask, with embedder: RegionEmbedder) throws -> Output {
    try fill(task) { cache in
      let times = try work(on: task, in: cache, with: embedder, progress: report)
      report.say(Self.name, "time of the workers: \(times)")
      return times.statistics
    }
  }

  /// Calls `work`, which returns figures worth keeping, where something is left to do and the disk
  /// has room for it.
  ///
  /// - Throws: what `work` throws; `InputError` (`tryAgain`) for a cache that is not complete after
  ///   all, too many failed images among the reasons.
  func fill(
    _ task: EmbeddingTask, _ work: (TeacherCache) throws -> [String: Double]
  ) throws -> Output {
    let changes = try EmbeddingChanges(task, failed: failed)
    let isUpToDate = changes.isEmpty
    changes.noteSeen()
    if !isUpToDate {
      try withCache(task) { cache in
        for note in try changes.queue(in: cache) { report.say(Self.name, note) }
        let size = try EmbeddingSize(
          task, again: [], imagesPerShard: run.configuration.regions.imagesPerShard)
        if let refusal = size.refusal { throw refusal }
        return try work(cache)
      }
    }
    let summary = try EmbeddingSummary(task, known: isUpToDate ? changes.known : nil)
    if let refusal = summary.refusal(allowing: run.configuration.regions.failuresAllowed) {
      throw refusal
    }
    let upToDate = "up to date: \(summary.text) in \(task.folder.path)"
    report.say(
      Self.name, isUpToDate ? upToDate : "wrote \(summary.text) to \(task.folder.path)")
    run.workspace.use(cache: task.folder.path)
    return Output(
      folder: task.root, recipe: task.recipe, images: task.proposals.ids,
      records: summary.records, hasFailures: summary.hasFailures, upToDate: upToDate)
  }

  func withCache(
    _ task: EmbeddingTask, _ work: (TeacherCache) throws -> [String: Double]
  ) throws {
    let cache = try TeacherCache.open(
      folder: task.root, recipe: task.recipe, imageIDs: task.proposals.ids,
      unitSize: run.configuration.regions.imagesPerShard)
    do {
      try cache.close(statistics: work(cache))
    } catch {
      try? cache.close()
      throw error
    }
  }

  func work(
    on task: EmbeddingTask, in cache: TeacherCache, with embedder: RegionEmbedder,
    progress: Console
  ) throws -> EmbeddingTimes {
    try EmbeddingWork(
      task, in: cache, with: embedder, report: report, progress: progress
    ).run()
  }
}
