import Cache
import Corpora
import Labelling
import Pipeline
public import Support
import Teacher
import Tensors

extension DetectStage {
  /// Makes all that parts need, and detects nothing: the trained detector, and the names' embeddings.
  public func prepare() throws {
    _ = try ImageCorpus(corpus, images: imageFolder)
    let vocabulary = try chain.vocabulary(classes, for: name)
    let attributes = try chain.attributes(attributes, for: name)
    _ = try AskedNames(
      vocabulary, attributes: attributes, split: run.trainingSplit(),
      by: chain.teacher().embeddings)
    _ = try chain.preparedDetector(student)
    report.say(name, "detector and names are there; parts may start")
  }

  /// Looks at what a pool lacks of a part of the corpus, and puts it there.
  ///
  /// - Parameter workers: processes that share the work; nil for this one alone.
  /// - Throws: `InputError` (`missingInput`) where the detector is not trained: a part trains nothing.
  public func execute(_ part: PartOfWork, workers: Workers? = nil) throws {
    let images = try ImageCorpus(corpus, images: imageFolder)
    for note in images.notes { report.say(name, note) }
    let (whole, load) = try madeStore(images)
    let open = try part.open(
      plan(of: whole), of: whole.task.recipe, stage: name, report: report)
    if open.missing.isEmpty { return }
    var own = whole
    own.task = whole.task.only(open.images, in: part.folder(in: run.folder))
    try own.fill(open) { cache in
      if let workers {
        try fill(cache, of: own, with: workers, part: part.workerArguments, load)
      } else {
        try own.work(in: cache, with: load(), progress: report)
      }
    }
    // All of it is in the pool; another process that is at this part, too, keeps its store.
    try? own.task.folder.remove()
  }

  /// Brings the shards that parts have put into a pool into the run's store of the corpus.
  ///
  /// - Parameter parts: how many there were, to name those that are missing; nil where that is not known.
  public func merge(pool: String, parts: Int?) throws -> MergedPool {
    let (store, _) = try madeStore(ImageCorpus(corpus, images: imageFolder))
    let pool = ShardPool(root: pool, recipe: store.task.recipe)
    let found = try RegionCache.merge(pool: pool, of: plan(of: store), into: store.task.folder)
    return MergedPool(found, of: pool, into: store.task.folder, parts: parts)
  }

  private func plan(of store: StoreStage) -> UnitPlan {
    UnitPlan(store.task.ids, size: store.imagesPerShard)
  }

  /// The store of all images of the corpus, whether it is there or not, and its detector.
  ///
  /// - Throws: `InputError`: the detector has to be trained first (`missingInput`), or keeps nothing
  ///   (`configuration`).
  func madeStore(
    _ images: ImageCorpus
  ) throws -> (store: StoreStage, load: () throws -> any Detector) {
    let planned = try chain.plannedDetector(student)
    guard planned.isTrained, let inputs = planned.inputs else {
      throw InputError(
        .missingInput, "the detector is not trained yet, and a part trains none", at: run.folder,
        hint: "'vild detect --prepare' trains it once, before the parts start")
    }
    let width = try chain.teacher().load().width
    guard let store = try store(of: images, planned.kept, inputs, width: width) else {
      throw InputError(
        .configuration, "there is no region store to share the work on",
        at: "detection.store.regions", expected: "above 0, and a student that knows other names")
    }
    return (store, planned.load)
  }

  /// Looks at images of a part as one of several processes that `execute(_:workers:)` started.
  ///
  /// - Parameter hash: of the recipe that they all work for.
  public func work(for hash: String, of part: PartOfWork) throws {
    var (store, load) = try madeStore(ImageCorpus(corpus, images: imageFolder))
    store.task = store.task.only(store.task.ids, in: part.folder(in: run.folder))
    guard store.task.folder.recipeHash == hash else { throw otherRecipe(hash) }
    try store.withCache(isQueued: true) { try store.work(in: $0, with: load(), progress: .silent) }
  }
}
