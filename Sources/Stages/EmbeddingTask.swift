import Cache
import Foundation
import Regions

/// What is to be embedded, and into which cache.
struct EmbeddingTask {
  let images: AnnotatedImages
  /// One entry an image of the cache.
  let proposals: [Proposals]
  let recipe: Recipe
  /// The folder of this cache and those of other recipes.
  let root: String

  /// The file of an image, in full.
  func path(of image: Int) -> String {
    URL(filePath: images.path(of: image)).standardizedFileURL.path
  }

  /// The cache's own folder.
  var folder: CacheFolder { CacheFolder(root: root, recipe: recipe) }
}
