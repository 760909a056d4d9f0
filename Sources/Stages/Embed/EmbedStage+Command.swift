import Cache
import Images
import Support
import Tensors

extension EmbedStage {
  /// Embeds what is not embedded yet, in this process.
  ///
  /// - Parameter retries: whether images that failed before are tried again, once.
  public static func execute(_ chain: Chain, retries: Bool) throws {
    try execute(chain) { try $0.embed(retries).ensure(proposals: $0.proposals) }
  }

  /// Calls `work` unless a receipt says that nothing is to be done, and leaves one. Images that failed
  /// may be tried again each time.
  private static func execute(_ chain: Chain, _ work: (Chain) throws -> Output) throws {
    let errand = Errand(chain.run, name)
    if let known = errand.receipt?.results["text"] { return chain.report.say(name, known) }
    let output = try work(chain)
    if !output.hasFailures { errand.finish(saying: ["text": output.upToDate]) }
  }

  /// The same in `count` processes of this program, which share the cores.
  ///
  /// - Parameters:
  ///   - count: at least 1.
  ///   - arguments: the command line that makes a process call `work(_:for:)`, but for `--work-for` and
  ///     the recipe's hash.
  public static func execute(
    _ chain: Chain, retries: Bool, workers count: Int, with arguments: [String]
  ) throws {
    try execute(chain) {
      try $0.embed(retries).fill(workers: count, with: arguments, proposals: $0.proposals)
    }
  }

  /// What embedding would do and take.
  public static func plan(_ chain: Chain, retries: Bool) throws -> EmbeddingPlan {
    try chain.embed(retries).plan(proposals: chain.plannedProposals)
  }

  private func fill(
    workers count: Int, with arguments: [String], proposals: () throws -> ProposeStage.Output
  ) throws -> Output {
    let (task, teacherBytes) = try preparedTask(proposals)
    return try fill(task) { cache in
      try cache.fill(
        workers: count, with: arguments + ["--work-for", task.recipe.hash], bytes: teacherBytes,
        stage: Self.name, report: report)
      return [:]
    }
  }

  /// What the workers are to do, and the memory of a teacher, which this process lets go of.
  func preparedTask(
    _ proposals: () throws -> ProposeStage.Output
  ) throws -> (EmbeddingTask, teacherBytes: Int) {
    let (task, embedder) = try prepare(proposals)
    return withExtendedLifetime(embedder) { (task, TensorMemory.current) }
  }

  /// Embeds as one of several processes that `execute(_:retries:workers:with:)` started.
  ///
  /// - Parameters:
  ///   - hash: of the recipe that they all work for.
  ///   - part: of the images, where they do not embed all.
  public static func work(
    _ chain: Chain, for hash: String, of part: PartOfWork? = nil
  ) throws {
    let embed = try chain.embed(false)
    let prepared = try embed.prepare(part == nil ? chain.proposals : chain.madeProposals)
    let (embedder, all) = (prepared.embedder, prepared.task)
    let task =
      part.map { all.only(all.proposals.ids, in: $0.cacheFolder(in: embed.run.folder)) } ?? all
    guard task.recipe.hash == hash else {
      throw InputError(
        .tryAgain, "the inputs have changed since the workers were started", at: task.root,
        expected: "recipe \(hash)", got: task.recipe.hash, hint: "run the same command again")
    }
    try embed.withCache(task, isQueued: true) { cache in
      try embed.work(on: task, in: cache, with: embedder, progress: .silent).statistics
    }
  }
}

extension Chain {
  fileprivate func embed(_ retries: Bool) throws(InputError) -> EmbedStage {
    try embed(retries ? .retry : .leave)
  }
}
