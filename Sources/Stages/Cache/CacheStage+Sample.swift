import Cache
import Pipeline
import Regions
import Support
import Teacher
import Tensors

extension CacheStage {
  /// Embeds a share of the images anew, as a pipeline says, and adds what that tells.
  ///
  /// - Throws: `InputError` (`badData`) where the pipeline's teacher or rules are not those of a cache;
  ///   `Stopped` after a signal.
  public func sample(
    _ share: Double, by chain: Chain, into found: inout [Verification]
  ) throws {
    let images = try chain.train()
    let stage = try chain.teacher()
    let teacher = try stage.load()
    for (index, folder) in folders.enumerated() {
      let held = try TeacherRecipe(folder.recipe, at: folder.recipeFile)
      let recipe = stage.recipe(teacher, proposals: held.proposals)
      if let other = recipe.difference(from: held).first {
        throw InputError(
          .badData, "the pipeline file makes another recipe than the cache's", at: folder.path,
          expected: "\(other.field) \(other.second)", got: other.first)
      }
      let embedder = stage.embedder(teacher)
      let check = try RegionCache.sample(folder, share: share) { id, record in
        try StopSignal.check()
        return try embedder.embed(images.read(id), record.regions.regions).vectors
      }
      found[index].sample = check
      found[index].problems += check.problems
    }
  }
}
