import Cache
import Foundation
import Regions
import Support

/// What is to be embedded, and into which cache.
struct EmbeddingTask {
  let images: AnnotatedImages
  let proposals: RegionsToEmbed
  let recipe: TeacherRecipe
  /// The folder of this cache and those of other recipes.
  let root: String

  /// The file of an image, in full.
  func path(of image: Int) -> String { Self.inFull(images.path(of: image)) }

  static func inFull(_ path: String) -> String {
    PathText.join(FileManager.default.currentDirectoryPath, path)
  }

  /// The same for some of the images alone, in another place.
  func only(_ ids: [Int], in root: String) -> EmbeddingTask {
    EmbeddingTask(images: images, proposals: proposals.only(ids), recipe: recipe, root: root)
  }

  /// The cache's own folder.
  var folder: CacheFolder { CacheFolder(root: root, recipe: recipe) }
}
