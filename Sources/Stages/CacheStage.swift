import Cache
import Foundation
public import Support

/// Looks at the caches under a folder.
public struct CacheStage {
  private let folders: [CacheFolder]

  /// - Parameter folder: of one cache, or of several.
  /// - Throws: `InputError` where there is none.
  public init(folder: String) throws(InputError) {
    let path = URL(filePath: folder).standardizedFileURL.path
    if Files.exists("\(path)/recipe.json") {
      let recipe = try Recipe.read("\(path)/recipe.json")
      folders = [CacheFolder(root: (path as NSString).deletingLastPathComponent, recipe: recipe)]
    } else {
      folders = try CacheFolder.all(in: path)
    }
    if folders.isEmpty {
      throw InputError(
        .missingInput, "no teacher cache here", at: folder,
        expected: "a folder with a recipe.json, or a folder of such folders")
    }
  }

  /// The cache, where the folder has no more than one.
  func only() throws(InputError) -> CacheFolder {
    guard folders.count == 1 else {
      throw InputError(
        .usage, "several caches here; name the folder of one",
        got: folders.map(\.path).joined(separator: ", "))
    }
    return folders[0]
  }

  /// Prints what is wrong with each cache.
  ///
  /// - Throws: `InputError` (`badData`) when anything is.
  public func verify(quickly: Bool) throws(InputError) {
    var count = 0
    for folder in folders {
      let problems = try TeacherCache.verify(folder, quickly ? .quick : .full)
      for problem in problems { print("\(folder.path): \(problem)") }
      if problems.isEmpty { print("\(folder.path): sound") }
      count += problems.count
    }
    if count > 0 {
      throw InputError(
        .badData, "\(count) promises of the cache are broken",
        hint: "move the damaged shards away, run 'vild cache reindex', then embed again")
    }
  }

  /// Rebuilds each catalogue from the shards.
  public func reindex() throws(InputError) {
    for folder in folders {
      try TeacherCache.reindex(folder)
      print("\(folder.path): rebuilt from the shards")
    }
  }

  /// Prints for each cache how much it holds, and a hash of its content that does not depend on how
  /// it is split into shards.
  public func info() throws(InputError) {
    for folder in folders {
      let reader = try TrainingReader(folder: folder.root, recipe: folder.recipe)
      let progress = try reader.progress()
      print("\(folder.path)")
      print("  images   \(progress.done) of \(progress.total), \(progress.failures) failed")
      print("  regions  \(progress.regions)")
      print("  content  \(try reader.contentHash())")
      print(
        "  recipe   \(String(decoding: Fingerprint.canonicalJSON(folder.recipe), as: UTF8.self))")
    }
  }
}

extension CacheFolder {
  fileprivate var root: String { (path as NSString).deletingLastPathComponent }
}
