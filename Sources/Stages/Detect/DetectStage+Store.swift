import Cache
import Corpora
import Images
import Labelling
import Pipeline
import Support
import Teacher
import Tensors

extension DetectStage {
  /// Processes of this program that share the work of the detector.
  public struct Workers: Sendable {
    let count: Int
    let arguments: [String]

    /// - Parameters:
    ///   - count: at least 1.
    ///   - arguments: the command line that makes a process call `work(for:)`, but for `--work-for` and
    ///     the recipe's hash.
    public init(_ count: Int, with arguments: [String]) {
      (self.count, self.arguments) = (count, arguments)
    }
  }

  /// The store that the pipeline wants of a corpus; nil where there is none.
  ///
  /// - Parameter width: of the teacher's embeddings.
  /// - Throws: `InputError` (`configuration`) where one is needed all the same.
  func store(
    of images: ImageCorpus, _ detector: PipelineDetector.Prepared, width: Int,
    for workers: Workers?
  ) throws(InputError) -> StoreStage? {
    let store = try store(of: images, detector.kept, detector.inputs, width: width)
    if store != nil { return store }
    let choices = run.configuration.detection.store
    guard name == Self.name, workers == nil else {
      throw InputError(
        .configuration,
        workers == nil
          ? "there is no region store to ask" : "workers share a region store, and there is none",
        at: "detection.store.regions",
        expected: choices.regions == 0 ? "above 0" : "a student that knows other names",
        got: choices.regions == 0 ? "0" : "a supervised one",
        hint: workers == nil ? "'vild detect' needs none" : "leave --workers out")
    }
    return nil
  }

  func store(
    of images: ImageCorpus, _ kept: PipelineDetector.KeptRegions?, _ detector: StageInputs,
    width: Int
  ) throws(InputError) -> StoreStage? {
    let choices = run.configuration.detection.store
    guard let kept, choices.regions > 0 else { return nil }
    let limits = run.configuration.data.limits
    let recipe = StoreRecipe(
      detector: detector.hash, reading: limits.readingInputs(.upright).hash,
      regions: choices.regions, embeddings: kept.embeddings, dimension: width,
      maskSide: kept.maskSide, precision: choices.precision)
    return StoreStage(
      task: try StoreTask(
        images, place: place, recipe: recipe, run: run.folder, limits: limits),
      imagesPerShard: run.configuration.regions.imagesPerShard, stage: name, report: report)
  }

  /// The store of all images of the corpus, as it is.
  ///
  /// - Parameter width: of the teacher's embeddings.
  /// - Throws: `InputError` where there is none, or it lacks images.
  func opened(
    _ images: ImageCorpus, width: Int
  ) throws -> (store: StoreStage, reader: CacheReader) {
    try requireTrained()
    let detector = try chain.preparedDetector(student)
    guard let store = try store(of: images, detector, width: width, for: nil) else {
      preconditionFailure("what asks a store is told where there is none")
    }
    return (store, try store.complete())
  }

  /// - Throws: `InputError` (`missingInput`) where the detector has to be trained first.
  func requireTrained() throws {
    guard student == nil, try !chain.plannedDetector().isTrained else { return }
    throw InputError(
      .missingInput, "the detector is not trained yet, so that nothing is stored", at: run.folder,
      hint: "'vild detect' trains it and fills the store")
  }

  /// What filling the store would do and take.
  public func plan() throws -> StorePlan {
    let images = try ImageCorpus(corpus, images: imageFolder)
    let planned = try chain.plannedDetector(student)
    let width = try chain.teacher().load().width
    let inputs = planned.inputs ?? StageInputs()
    guard let store = try store(of: images, planned.kept, inputs, width: width) else {
      throw InputError(
        .configuration, "there is no region store to plan", at: "detection.store.regions",
        expected: "above 0, and a student that knows other names")
    }
    let isKnown = planned.inputs != nil && planned.isTrained
    let left =
      isKnown ? try store.changes(failed: .leave).images : Set(store.task.ids)
    return try StorePlan(store.task, isKnown: isKnown, left: left, with: planned.load())
  }

  /// Lets other processes fill the store.
  ///
  /// - Parameter part: of their command lines, where they do a part of it.
  func fill(
    _ cache: RegionCache, of store: StoreStage, with workers: Workers, part: [String] = [],
    _ load: () throws -> any Detector
  ) throws {
    guard corpus != "-", !Files.isStream(corpus) else {
      throw InputError(
        .usage, "a list that is read once cannot be given to workers", at: corpus,
        hint: "write it to a file, or leave --workers out")
    }
    try cache.fill(
      workers: workers.count,
      with: workers.arguments + part + ["--work-for", store.task.folder.recipeHash],
      bytes: try bytesOfDetector(load), stage: name, report: report)
  }

  /// Memory of a detector, which this process lets go of.
  private func bytesOfDetector(_ load: () throws -> any Detector) throws -> Int {
    let before = TensorMemory.current
    let detector = try load()
    return withExtendedLifetime(detector) { max(0, TensorMemory.current - before) }
  }

  /// - Parameter hash: of the recipe that a worker was started for.
  func otherRecipe(_ hash: String) -> InputError {
    InputError(
      .tryAgain, "the inputs have changed since the workers were started", at: place,
      expected: "recipe \(hash)", hint: "run the same command again")
  }

  /// Looks at images as one of several processes that `execute(workers:)` started.
  ///
  /// - Parameter hash: of the recipe that they all work for.
  public func work(for hash: String) throws {
    let images = try ImageCorpus(corpus, images: imageFolder)
    let detector = try chain.preparedDetector(student)
    let path = "\(StoreTask.root(of: place, in: run.folder))/\(hash.prefix(12))"
    let recipe = try StoreRecipe(CacheFolder(path).recipe, at: path)
    guard
      let store = try store(of: images, detector.kept, detector.inputs, width: recipe.dimension),
      store.task.folder.recipeHash == hash
    else {
      throw otherRecipe(hash)
    }
    try store.withCache(isQueued: true) {
      try store.work(in: $0, with: detector.load(), progress: .silent)
    }
  }
}
