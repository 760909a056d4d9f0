internal import Foundation
internal import Glibc
public import Support

/// Files under a cache folder that nobody needs, as `RegionCache.garbage` finds them.
public struct CacheGarbage: Codable, Equatable, Sendable {
  /// Why a file is garbage.
  public enum Reason: String, Codable, Sendable {
    /// Unfinished, and its writer is gone.
    case abandonedPart
    /// `repair` moved it away, having kept what was sound.
    case quarantined
    /// Of a cache whose recipe nobody uses.
    case unusedRecipe
  }

  /// A file or, of an unused recipe, the whole folder.
  public struct Item: Codable, Equatable, Sendable {
    /// Where it is.
    public var path: String
    /// Its size; of a folder, that of everything in it.
    public var bytes: Int
    /// Why it is garbage.
    public var reason: Reason
  }

  /// By path.
  public var items: [Item]
  /// Their total.
  public var bytes: Int
  /// Whether they are gone now.
  public var isRemoved: Bool

  /// Removes the items.
  ///
  /// - Throws: `InputError`: a cache of an unused recipe has workers (`tryAgain`), or a file cannot
  ///   be removed.
  public mutating func remove() throws(InputError) {
    for item in items {
      do {
        if item.reason == .unusedRecipe {
          let root = PathText.folder(of: item.path)
          let folder = CacheFolder(root: root, recipe: try Recipe.read("\(item.path)/recipe.json"))
          let lock = try CacheLock(folder, for: .mending)
          // The recipe first: what is left of a half-removed cache is no cache.
          unlink(folder.recipeFile)
          try withExtendedLifetime(lock) { try FileManager.default.removeItem(atPath: item.path) }
        } else if unlink(item.path) != 0 && errno != ENOENT {
          throw InputError.system("cannot remove", at: item.path)
        }
      } catch let error as InputError {
        throw error
      } catch {
        throw InputError(.inputOutput, "cannot remove", at: item.path, got: "\(error)")
      }
    }
    isRemoved = true
  }
}

extension RegionCache {
  /// What is certainly garbage in some caches; nothing is removed.
  ///
  /// - Parameters:
  ///   - folders: the caches.
  ///   - recipes: beginnings of the hashes of the recipes in use, at least 8 digits each; caches
  ///     of others count as garbage. nil where that is not known: then every cache is kept.
  /// - Throws: `InputError` for a folder that cannot be listed, or (`usage`) a recipe in `recipes`
  ///   that no cache has.
  public static func garbage(
    in folders: [CacheFolder], keeping recipes: [String]? = nil
  ) throws(InputError) -> CacheGarbage {
    for recipe in recipes ?? [] {
      guard recipe.count >= 8, folders.contains(where: { $0.recipeHash.hasPrefix(recipe) }) else {
        throw InputError(
          .usage, "no cache here has the recipe to be kept", got: recipe,
          hint:
            "there are \(folders.map { String($0.recipeHash.prefix(12)) }.joined(separator: ", "))")
      }
    }
    var items: [CacheGarbage.Item] = []
    func add(_ path: String, _ reason: CacheGarbage.Reason) {
      items.append(.init(path: path, bytes: size(of: path), reason: reason))
    }
    for folder in folders {
      if let recipes, !recipes.contains(where: folder.recipeHash.hasPrefix) {
        add(folder.path, .unusedRecipe)
        continue
      }
      for part in try folder.abandonedParts(on: .system) { add(part, .abandonedPart) }
      let names = try? FileManager.default.contentsOfDirectory(atPath: folder.quarantine)
      for name in (names ?? []).sorted() { add("\(folder.quarantine)/\(name)", .quarantined) }
    }
    return CacheGarbage(
      items: items, bytes: items.reduce(0) { $0 + $1.bytes }, isRemoved: false)
  }

  private static func size(of path: String) -> Int {
    var status = stat()
    guard lstat(path, &status) == 0 else { return 0 }
    guard status.st_mode & S_IFMT == S_IFDIR else { return Int(status.st_size) }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.reduce(0) { $0 + size(of: "\(path)/\($1)") }
  }
}
