import Cache
import CacheImport
import Datasets
import Images
import Pipeline
import Regions
import Support
import Teacher

extension EmbedStage {
  /// Brings vectors that were computed elsewhere into the run's cache, where they are as if `execute` had
  /// embedded them: the same units, leases, shards and checksums. Killed or stopped at any moment, it can be
  /// run again; so it can when there are more vectors.
  ///
  /// - Parameters:
  ///   - paths: files of vectors, or folders of such files.
  ///   - skippingChanged: whether images that are not as they were listed are left out; else they are errors.
  /// - Throws: `InputError`: no proposals yet (`missingInput`), a file that cannot be used, other vectors than the
  ///   cache holds (`badData`), a disk that is too small (`tryAgain`). `Stopped` after a signal.
  public static func importVectors(
    _ chain: Chain, from paths: [String], skippingChanged: Bool
  ) throws -> ImportedVectors {
    try chain.embed(.retry).importVectors(
      from: paths, skippingChanged: skippingChanged, proposals: chain.listedProposals)
  }

  private func importVectors(
    from paths: [String], skippingChanged: Bool, proposals: () throws -> ProposeStage.Output
  ) throws -> ImportedVectors {
    let (task, _) = try preparedTask(proposals)
    let vectors = try checked(paths, of: task, skippingChanged: skippingChanged)
    let changes = try EmbeddingChanges(task, failed: failed).cache
    let there = vectors.images.subtracting(changes.left)
    try compare(vectors, of: there, in: task)

    var found = ImportedVectors(vectors, into: task.folder, there: there.count)
    let new = vectors.images.subtracting(there)
    if !new.isEmpty {
      try withCache(task) { cache in
        try queue(changes, of: task, in: cache, verb: "queueing")
        let own = try cache.gather(new)
        found.published = try ImportWork(
          task, of: vectors, in: cache, only: own, report: report
        ).run()
        return [
          "imported_images": Double(found.images), "imported_regions": Double(found.regions),
        ]
      }
    }
    found.missing = try missing(of: task)
    return found
  }

  /// All files, checked against what is due.
  private func checked(
    _ paths: [String], of task: EmbeddingTask, skippingChanged: Bool
  ) throws -> VectorFiles {
    let images = task.proposals.images
    let names = images.map { task.images.path(of: $0.id) }
    let contents = task.images.contents.hashes(
      of: names.map { PathText.below(task.images.folder, $0) }, in: task.images.folder)
    let due = Dictionary(
      uniqueKeysWithValues: zip(images, contents).map { image, content in
        let due = DueImage(content: content, regionsHash: image.hash) { () throws(InputError) in
          try task.proposals.read(image.id).regions
        }
        return (image.id, due)
      })
    return try VectorFiles(
      paths, recipeHash: task.recipe.hash, dimension: task.recipe.teacher.dimension,
      skippingChanged: skippingChanged, due: { due[$0] }, on: report)
  }

  /// Compares vectors with those that the cache has of the same images, whoever computed them.
  ///
  /// - Throws: `InputError` (`badData`) that names an image and a region where they point elsewhere.
  private func compare(
    _ vectors: VectorFiles, of images: Set<Int>, in task: EmbeddingTask
  ) throws {
    if images.isEmpty { return }
    let bound = run.configuration.teacher.precision.leastCosine
    let reader = try CacheReader(folder: task.root, recipe: task.recipe)
    for image in task.proposals.ids where images.contains(image) {
      try StopSignal.check()
      let record = try reader.record(of: image)
      // One that cannot be read here has no regions.
      if record.status.isFailure { continue }
      let cosines = record.regions.cosines(with: try vectors.vectors(of: image))
      if let region = cosines.firstIndex(where: { $0 < bound }) {
        throw InputError(
          .badData, "the cache holds another vector of region \(region) of image \(image)",
          at: vectors.path(of: image), expected: "cosine \(bound) or more",
          got: "\(cosines[region])",
          hint: "'vild cache verify --sample' says whether the cache's is the teacher's")
      }
    }
  }

  /// The images that have no row.
  private func missing(of task: EmbeddingTask) throws -> [Int] {
    guard try task.folder.hasCatalogue() else { return task.proposals.ids }
    let known = try CacheReader(folder: task.root, recipe: task.recipe).knownImages()
    return task.proposals.ids.filter { known[$0] == nil }
  }
}

extension Chain {
  /// The proposals that vectors were computed of, brought up to date.
  ///
  /// - Throws: `InputError` (`missingInput`) where a network would be trained for that: nobody has listed
  ///   what it would propose.
  fileprivate func listedProposals() throws -> ProposeStage.Output {
    let stage = try propose()
    if stage.isFinished || stage.plannedFinder()?.isTrained ?? true { return try proposals() }
    throw InputError(
      .missingInput, "there are no proposals, so no vectors can be of them", at: run.folder,
      hint: "'vild embed --list' makes them and lists what is to be embedded")
  }
}
