public import Cache
import Foundation
public import Support

/// Looks at the caches under a folder, checks and mends them. What it finds is returned; `CacheView`
/// prints it.
public struct CacheStage {
  /// By name.
  public let folders: [CacheFolder]
  /// The folders whose `recipe.json` was written anew.
  private let rewritten: [String]

  /// - Parameters:
  ///   - folder: of one cache, or of several.
  ///   - isMended: whether a `recipe.json` that is damaged or gone is written anew first.
  /// - Throws: `InputError` where there is none, or (`badData`) one's recipe is damaged.
  public init(folder: String, isMended: Bool = false) throws(InputError) {
    let path = URL(filePath: folder).standardizedFileURL.path
    rewritten = isMended ? try Self.mendRecipes(of: path) : []
    folders =
      Files.exists("\(path)/recipe.json")
      ? [try CacheFolder(path)] : try CacheFolder.all(in: path)
    if folders.isEmpty {
      throw InputError(
        .missingInput, "no cache here", at: folder,
        expected: "a folder with a recipe.json, or a folder of such folders")
    }
  }

  /// Writes the recipes anew of the cache in the folder `path`, or of those in folders below it, where
  /// they need it; returns these folders.
  private static func mendRecipes(of path: String) throws(InputError) -> [String] {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    var mended: [String] = []
    for folder in [path] + names.map({ "\(path)/\($0)" })
    where isCacheName(PathText.name(of: folder)) && Files.isFolder("\(folder)/shards") {
      if try CacheFolder.mendRecipe(of: folder) { mended.append(folder) }
    }
    return mended
  }

  /// Whether a folder is named as a recipe's hash begins.
  private static func isCacheName(_ name: String) -> Bool {
    name.utf8.count == 12 && name.allSatisfy(\.isHexDigit)
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

  /// What a check of one cache found.
  public struct Verification: Codable, Sendable {
    /// The folder of the cache.
    public var cache: String
    /// How much was looked at.
    public var depth: RegionCache.Depth
    /// Empty for a sound cache.
    public var problems: [CacheProblem]
    /// What embedding some images anew told, where that was asked for; its problems are among
    /// `problems`.
    public var sample: RegionCache.SampleCheck?
  }

  /// Compares each cache with its promises.
  public func verify(quickly: Bool) throws(InputError) -> [Verification] {
    let depth = quickly ? RegionCache.Depth.quick : .full
    var found: [Verification] = []
    for folder in folders {
      found.append(
        .init(
          cache: folder.path, depth: depth, problems: try RegionCache.verify(folder, depth)))
    }
    return found
  }

  /// The refusal (`badData`, exit code 65) of caches that are not sound; nil where all are.
  public static func refusal(of problems: [CacheProblem]) -> InputError? {
    if problems.isEmpty { return nil }
    return InputError(
      .badData,
      problems.count.counted("promise of the cache is broken", "promises of the cache are broken"),
      hint: "'vild cache repair' puts right what it can; then embed again")
  }

  /// What was done to one cache.
  public struct Repair: Codable, Sendable {
    /// The folder of the cache.
    public var cache: String
    /// Actions, and what could not be put right.
    public var repair: CacheRepair
    /// What could not be put right.
    public var remaining: [CacheProblem] { repair.remaining }
  }

  /// Puts right what a full check finds.
  public func repair() throws(InputError) -> [Repair] {
    var done: [Repair] = []
    for folder in folders {
      var repair = try RegionCache.repair(folder)
      if rewritten.contains(folder.path) {
        repair.actions.insert(
          .init(
            kind: .rewroteRecipe, file: "\(folder.path)/recipe.json",
            message: "it was damaged or gone"), at: 0)
      }
      done.append(.init(cache: folder.path, repair: repair))
    }
    return done
  }

  /// Rebuilds each catalogue from the shards; returns the folders.
  public func reindex() throws(InputError) -> [String] {
    for folder in folders { try RegionCache.reindex(folder) }
    return folders.map(\.path)
  }

  /// Finds what is certainly garbage, and removes it if told to.
  ///
  /// - Parameter recipes: beginnings of the hashes of the recipes in use; nil keeps every cache.
  public func collectGarbage(
    keeping recipes: [String]?, removing: Bool
  ) throws(InputError) -> CacheGarbage {
    var garbage = try RegionCache.garbage(in: folders, keeping: recipes)
    if removing { try garbage.remove() }
    return garbage
  }

  /// What each cache holds and how it came about.
  public func statistics() throws(InputError) -> [CacheStatistics] {
    var all: [CacheStatistics] = []
    for folder in folders { all.append(try RegionCache.statistics(folder)) }
    return all
  }

  /// Adds what another folder's cache of the same recipe holds.
  ///
  /// - Throws: `InputError`, also (`usage`) where this is a folder of several caches.
  public func merge(_ other: String) throws(InputError) -> CacheMerge {
    let folder = try only()
    let others = try CacheStage(folder: other).folders
    let same = others.first { $0.recipe == folder.recipe } ?? others[0]
    return try RegionCache.merge(from: same, into: folder)
  }

  /// How much one cache holds, and of what.
  public struct Info: Codable, Sendable {
    /// The folder of the cache.
    public var cache: String
    /// Images that have a row.
    public var images: Int
    /// Images the cache is to hold.
    public var total: Int
    /// Images that could not be used.
    public var failures: Int
    /// Regions held.
    public var regions: Int
    /// A hash of the content that does not depend on how it is split into shards.
    public var content: String
    /// What the embeddings were made by.
    public var recipe: Recipe
  }

  /// Reads every record of each cache.
  public func info() throws(InputError) -> [Info] {
    var all: [Info] = []
    for folder in folders {
      let reader = try CacheReader(folder)
      let progress = try reader.progress()
      all.append(
        .init(
          cache: folder.path, images: progress.done, total: progress.total,
          failures: progress.failures, regions: progress.regions,
          content: try reader.contentHash(), recipe: folder.recipe))
    }
    return all
  }
}
