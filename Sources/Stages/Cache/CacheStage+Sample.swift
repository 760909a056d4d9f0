public import Cache
import Pipeline
import Regions
import Support
import Teacher
import Tensors

extension CacheStage {
  /// Embeds some images anew, as a pipeline says, and adds what that tells.
  ///
  /// - Parameters:
  ///   - seed: draws the images.
  ///   - bound: the least cosine; nil for 0.9999, or 0.9995 where the pipeline's products are bfloat16's, which
  ///     round differently on every processor.
  /// - Throws: `InputError` (`badData`) where the pipeline's teacher or rules are not those of a cache;
  ///   `Stopped` after a signal.
  public func sample(
    _ size: RegionCache.SampleSize, seed: UInt64 = 0, bound: Double? = nil, by chain: Chain,
    into found: inout [Verification]
  ) throws {
    let images = try chain.train()
    let stage = try chain.teacher()
    let teacher = try stage.load()
    let bound = bound ?? chain.run.configuration.teacher.precision.leastCosine
    for (index, folder) in folders.enumerated() {
      let held = try TeacherRecipe(folder.recipe, at: folder.recipeFile)
      let recipe = stage.recipe(teacher, proposals: held.proposals)
      if let other = recipe.difference(from: held).first {
        throw InputError(
          .badData, "the pipeline file makes another recipe than the cache's", at: folder.path,
          expected: "\(other.field) \(other.second)", got: other.first)
      }
      let embedder = stage.embedder(teacher)
      let usable = try CacheReader(folder).usableImageIDs().count
      let progress = StageProgress(
        stage: "verify", unit: "images", total: size.count(of: usable), on: chain.report)
      let check = try RegionCache.sample(folder, size, seed: seed, bound: bound) { id, record in
        try StopSignal.check()
        defer { progress.advance() }
        return try embedder.embed(images.read(id), record.regions.regions).vectors
      }
      progress.finish()
      found[index].sample = check
      found[index].problems += check.problems
    }
  }
}

extension Precision {
  /// The least cosine of two embeddings of the same region that other runtimes or machines computed.
  var leastCosine: Double {
    switch self {
    case .float32: 0.9999
    case .bfloat16: 0.9995
    }
  }
}
