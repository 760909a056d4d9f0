import Cache
import Regions

/// What is to be embedded, and into which cache.
struct EmbeddingTask {
  let images: AnnotatedImages
  /// One entry an image of the cache.
  let proposals: [Proposals]
  let recipe: Recipe
  /// The folder of this cache and those of other recipes.
  let root: String

  /// The cache's own folder.
  var folder: CacheFolder { CacheFolder(root: root, recipe: recipe) }
}
