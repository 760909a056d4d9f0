import Cache
import Support
import Tensors

extension EmbedStage {
  /// Embeds what is not embedded yet, in this process.
  public func execute() throws { try execute(ensure) }

  /// Calls `work` unless a receipt says that nothing is to be done, and leaves one. Images that failed
  /// may be tried again each time.
  private func execute(_ work: () throws -> Output) throws {
    let errand = Errand(run, Self.name)
    if let known = errand.receipt?.results["text"] { return report.say(Self.name, known) }
    let output = try work()
    if !output.hasFailures { errand.finish(saying: ["text": output.upToDate]) }
  }

  /// The same in `count` processes of this program, which share the cores.
  ///
  /// - Parameters:
  ///   - count: at least 1.
  ///   - arguments: the command line that makes a process call `work(for:)`, but for the recipe's
  ///     hash, its last word.
  public func execute(workers count: Int, with arguments: [String]) throws {
    try execute { try fill(workers: count, with: arguments) }
  }

  private func fill(workers count: Int, with arguments: [String]) throws -> Output {
    let (task, teacherBytes) = try preparedTask()
    return try fill(task) { cache in
      try AvailableMemory.require(
        count * teacherBytes, for: "\(count.counted("worker")), each with the teacher",
        hint: "try fewer workers; one process without --workers takes least")
      let before = try cache.progress()
      let progress = StageProgress(
        stage: Self.name, unit: "images", total: before.total, done: before.done, on: report)
      let workers = try EmbeddingWorkers(
        count, arguments: arguments + [task.recipe.hash], report: report)
      var known = before
      try workers.wait {
        let now = try cache.progress()
        defer { known = now }
        progress.advance(by: now.done - known.done, failures: now.failures - known.failures)
        return now.done - known.done
      }
      progress.finish()
      return [:]
    }
  }

  /// What the workers are to do, and the memory of a teacher, which this process lets go of.
  private func preparedTask() throws -> (EmbeddingTask, teacherBytes: Int) {
    let (task, embedder) = try prepare()
    return withExtendedLifetime(embedder) { (task, TensorMemory.current) }
  }

  /// Embeds as one of several processes that `execute(workers:with:)` started.
  ///
  /// - Parameter hash: of the recipe that they all work for.
  public func work(for hash: String) throws {
    let (task, embedder) = try prepare()
    guard task.recipe.hash == hash else {
      throw InputError(
        .tryAgain, "the inputs have changed since the workers were started", at: task.root,
        expected: "recipe \(hash)", got: task.recipe.hash, hint: "run the same command again")
    }
    try withCache(task) { cache in
      try work(on: task, in: cache, with: embedder, progress: .silent).statistics
    }
  }
}
