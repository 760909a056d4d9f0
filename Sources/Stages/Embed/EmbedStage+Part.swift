import Cache
import Datasets
import Images
import Pipeline
public import Support

extension EmbedStage {
  /// Makes all that parts need, and embeds nothing: proposals, and the embeddings of names that training
  /// needs.
  public static func prepare(_ chain: Chain) throws {
    _ = try chain.proposals()
    let images = try chain.train()
    _ = try chain.teacher().embeddings(of: images.words(for: images.split.base))
    chain.report.say(name, "proposals and names are there; parts may start")
  }

  /// Embeds what a pool lacks of a part, and puts it there.
  ///
  /// - Parameter workers: as of `execute(_:retries:workers:with:)`; nil for this process alone.
  /// - Throws: `InputError` (`missingInput`) where `prepare` has not been at work: a part trains nothing.
  public static func execute(
    _ chain: Chain, part: PartOfWork, workers: (count: Int, arguments: [String])?
  ) throws {
    try chain.embed().execute(part, of: chain.madeProposals, workers)
  }

  private func execute(
    _ part: PartOfWork, of proposals: () throws -> ProposeStage.Output,
    _ workers: (count: Int, arguments: [String])?
  ) throws {
    let all: EmbeddingTask
    let work: (EmbeddingTask, RegionCache) throws -> [String: Double]
    if let workers {
      let (task, bytes) = try preparedTask(proposals)
      all = task
      work = { task, cache in
        try cache.fill(
          workers: workers.count,
          with: workers.arguments + part.workerArguments + ["--work-for", task.recipe.hash],
          bytes: bytes, stage: Self.name, report: report)
        return [:]
      }
    } else {
      let (task, embedder) = try prepare(proposals)
      all = task
      work = { task, cache in
        try self.work(on: task, in: cache, with: embedder, progress: report).statistics
      }
    }
    let open = try part.open(plan(of: all), of: all.recipe, stage: Self.name, report: report)
    if open.missing.isEmpty { return }
    let own = all.only(open.images, in: part.cacheFolder(in: run.folder))
    try withCache(own, part: open) { cache in
      var statistics: [String: Double] = [:]
      try open.fill(
        cache,
        changes: { () throws(InputError) in try EmbeddingChanges(own, failed: failed).cache },
        queue: { changes throws(InputError) in try queue(changes, of: own, in: cache) },
        stage: Self.name, report: report
      ) { statistics = try work(own, cache) }
      return statistics
    }
    // All of it is in the pool; another process that is at this part, too, keeps its cache.
    try? own.folder.remove()
  }

  /// Brings the shards that parts have put into a pool into the run's cache.
  ///
  /// - Parameter parts: how many there were, to name those that are missing; nil where that is not known.
  public static func merge(_ chain: Chain, pool: String, parts: Int?) throws -> MergedPool {
    let embed = try chain.embed()
    let task = try embed.prepare(chain.madeProposals).task
    let pool = ShardPool(root: pool, recipe: task.recipe)
    let found = try RegionCache.merge(pool: pool, of: embed.plan(of: task), into: task.folder)
    var merged = MergedPool(found, of: pool, into: task.folder, parts: parts)
    if merged.refusal == nil {
      let summary = try EmbeddingSummary(task, known: nil)
      merged.lines.append(summary.text)
      merged.refusal = summary.refusal(allowing: embed.run.configuration.regions.failuresAllowed)
    }
    return merged
  }

  private func plan(of task: EmbeddingTask) -> UnitPlan {
    UnitPlan(task.proposals.ids, size: run.configuration.regions.imagesPerShard)
  }
}

extension Chain {
  /// The proposals that are there.
  ///
  /// - Throws: `InputError` (`missingInput`) where they are not.
  func madeProposals() throws -> ProposeStage.Output {
    if let made = try plannedProposals() { return made }
    throw InputError(
      .missingInput, "the proposals are not made yet, and a part makes none", at: run.folder,
      hint: "'vild embed --prepare' makes them once, before the parts start")
  }
}
