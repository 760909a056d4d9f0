import Cache
import Datasets
import Images
import Pipeline
import Ranks
import Regions
import Support
import Teacher
import Tensors

/// The teacher's embeddings of the offline proposals' regions, as a cache (section 3.3).
public struct EmbedStage {
  /// A complete cache, ready for training.
  struct Output {
    let folder: String
    let recipe: TeacherRecipe
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

  /// What a cache would hold, as the pipeline stands.
  struct Planned {
    let folder: String
    let recipe: TeacherRecipe
    /// As in `Output`.
    let records: String
  }

  let run: Run
  let report: Console
  private let images: AnnotatedImages
  private let teacher: TeacherStage
  let failed: FailedImages

  static let name = "embed"

  /// - Parameters:
  ///   - images: whose proposals are embedded.
  ///   - failed: what becomes of images that failed before.
  init(
    _ run: Run, images: AnnotatedImages, teacher: TeacherStage, failed: FailedImages,
    report: Console
  ) {
    (self.run, self.images, self.teacher) = (run, images, teacher)
    (self.failed, self.report) = (failed, report)
  }

  /// What is to be done, and what it will take; embeds nothing but a sample. To be asked for once in a
  /// process: the memory is the process's.
  ///
  /// - Parameter proposals: nil while there are none: then of as many regions as there may be.
  func plan(proposals: () throws -> ProposeStage.Output?) throws -> EmbeddingPlan {
    let loaded = try teacher.load()
    let task = try proposals().map { try self.task($0.train, with: loaded) }
    let embedder = teacher.embedder(loaded)
    let perShard = run.configuration.regions.imagesPerShard
    let size: EmbeddingSize
    if let task {
      size = try EmbeddingSize(
        task, again: EmbeddingChanges(task, failed: failed).cache.images, imagesPerShard: perShard)
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

  /// What the cache would hold; loads the teacher and embeds nothing.
  func planned(proposals: ProposeStage.Output) throws -> Planned {
    let task = try task(proposals.train, with: teacher.load())
    return Planned(
      folder: task.folder.path, recipe: task.recipe,
      records: try EmbeddingChanges(task, failed: failed).records())
  }

  /// The cache, filled first where it is missing or incomplete.
  ///
  /// - Parameter proposals: is called once the teacher is known to be usable.
  func ensure(proposals: () throws -> ProposeStage.Output) throws -> Output {
    let (task, embedder) = try prepare(proposals)
    return try embed(task, with: embedder)
  }

  /// Embeds other regions than the pipeline's, into a cache below a folder of their own.
  func embed(_ proposals: ProposeStage.TrainingProposals, into folder: String) throws -> Output {
    let loaded = try teacher.load()
    return try embed(
      task(proposals, with: loaded, into: folder), with: teacher.embedder(loaded))
  }

  // MARK: - What is to be done

  func prepare(
    _ proposals: () throws -> ProposeStage.Output
  ) throws -> (task: EmbeddingTask, embedder: RegionEmbedder) {
    // A teacher that cannot be used is refused before the hours that proposals may take.
    let loaded = try teacher.load()
    let task = try task(proposals().train, with: loaded)
    return (task, teacher.embedder(loaded))
  }

  /// - Parameter folder: of this cache and those of other recipes; nil for the run's.
  private func task(
    _ proposals: ProposeStage.TrainingProposals, with loaded: any Teacher,
    into folder: String? = nil
  ) throws -> EmbeddingTask {
    let regions = try RegionsToEmbed(proposals.file)
    return EmbeddingTask(
      images: images, proposals: regions,
      recipe: teacher.recipe(
        loaded, proposals: .init(file: proposals.source, labels: regions.labels)),
      root: folder ?? "\(run.folder)/cache")
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
    _ task: EmbeddingTask, _ work: (RegionCache) throws -> [String: Double]
  ) throws -> Output {
    let changes = try EmbeddingChanges(task, failed: failed).cache
    let isUpToDate = changes.isEmpty
    if run.ranks.isLeader { changes.noteSeen() }
    if !isUpToDate {
      guard run.ranks.isAlone else {
        throw InputError.notForRanks("regions to embed", verb: Self.name)
      }
      try withCache(task) { cache in
        try queue(changes, of: task, in: cache)
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

  /// - Parameter verb: what becomes of images that have changed, as in "embedding ... again".
  /// - Throws: `InputError` (`tryAgain`) where the disk has no room for what is left.
  func queue(
    _ changes: CacheChanges, of task: EmbeddingTask, in cache: RegionCache,
    verb: String = "embedding"
  ) throws(InputError) {
    for note in try changes.queue(in: cache, verb: verb, orChanged: " or proposals") {
      report.say(Self.name, note)
    }
    let size = try EmbeddingSize(
      task, again: [], imagesPerShard: run.configuration.regions.imagesPerShard)
    if let refusal = size.refusal { throw refusal }
  }

  /// - Parameters:
  ///   - part: for which the cache is filled.
  ///   - isQueued: whether somebody else has queued what is to be embedded.
  func withCache(
    _ task: EmbeddingTask, part: PoolPart? = nil, isQueued: Bool = false,
    _ work: (RegionCache) throws -> [String: Double]
  ) throws {
    let (perShard, folder) = (run.configuration.regions.imagesPerShard, task.folder)
    let cache = try RegionCache.open(
      folder: task.root, recipe: task.recipe, imageIDs: isQueued ? [] : task.proposals.ids,
      unitSize: part == nil ? perShard : min(perShard, PoolPart.unitSize)
    ) { () throws(InputError) in try part?.publish(from: folder) }
    do {
      try cache.close(statistics: work(cache))
    } catch {
      try? cache.close()
      throw error
    }
  }

  func work(
    on task: EmbeddingTask, in cache: RegionCache, with embedder: RegionEmbedder,
    progress: Console
  ) throws -> EmbeddingTimes {
    try EmbeddingWork(
      task, in: cache, with: embedder, report: report, progress: progress
    ).run()
  }
}
