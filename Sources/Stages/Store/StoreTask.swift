import Cache
import Corpora
import Foundation
import Images
import Labelling
import Support

/// Which images a store is to hold, and of what detector.
struct StoreTask {
  let images: ImageCorpus
  /// What tells the corpus from others.
  let place: String
  let recipe: StoreRecipe
  /// The folder of the run.
  private(set) var run: String
  let limits: DecodeLimits
  /// By number (`StoredImage`), the index of each image in `images`.
  private let indices: [Int: Int]
  /// Of the images that the store is to hold, in the order of `images`.
  private(set) var ids: [Int]

  /// - Throws: `InputError` (`badData`) for two names with one number.
  init(
    _ images: ImageCorpus, place: String, recipe: StoreRecipe, run: String, limits: DecodeLimits
  ) throws(InputError) {
    (self.images, self.place, self.recipe) = (images, place, recipe)
    (self.run, self.limits) = (run, limits)
    ids = images.names.map(StoredImage.id)
    var indices: [Int: Int] = [:]
    indices.reserveCapacity(ids.count)
    for (index, id) in ids.enumerated() {
      if let other = indices.updateValue(index, forKey: id) {
        throw StoredImage.collision(images.names[index], images.names[other], in: place)
      }
    }
    self.indices = indices
  }

  /// The same for some of the images alone, as if those of another run.
  func only(_ ids: [Int], in run: String) -> StoreTask {
    var task = self
    (task.ids, task.run) = (ids, run)
    return task
  }

  /// The store's own folder, beside those of other recipes.
  var folder: CacheFolder { CacheFolder(root: Self.root(of: place, in: run), recipe: recipe) }

  /// The folder of all stores of a corpus, named after it.
  static func root(of place: String, in run: String) -> String {
    let name = PathText.name(of: place).prefix(40).map { character in
      character.isASCII && (character.isLetter || character.isNumber) ? character : "-"
    }
    return "\(run)/\(folder)/\(String(name))-\(PathText.number(of: place))"
  }

  /// The folder of all stores of a run, below the run's.
  static let folder = "store"

  /// The image that has a number.
  func item(_ id: Int) -> ImageLabeller.Item {
    guard let index = indices[id] else { preconditionFailure("nothing else is queued") }
    return .init(id: id, name: images.names[index])
  }

  /// The images' files, as detectors see them.
  var files: FileImages {
    FileImages(images.source, failed: .leave) { [limits] _, file, path throws(ImageError) in
      try file.decoded(path, limits: limits) { _ in .upright }
    }
  }

  /// What the file of an image is called, in full.
  func path(of name: String) -> String {
    let place = images.source.place(of: name)
    return place.hasPrefix("/")
      ? place : "\(FileManager.default.currentDirectoryPath)/\(place)"
  }
}
