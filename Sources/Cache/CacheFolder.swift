internal import Foundation
public import Support

/// Where the cache of one recipe lives: `<root>/<first 12 of the recipe's hash>/` with
/// `recipe.json`, `catalogue.sqlite` and `shards/`. Another recipe lives beside it.
public struct CacheFolder: Equatable, Sendable {
  /// The folder of this one cache.
  public let path: String
  /// What its content was made by.
  public let recipe: Recipe
  /// Hash of `recipe`.
  public var recipeHash: String { recipe.hash }

  /// The place of `recipe` under `root`, which need not exist.
  public init(root: String, recipe: Recipe) {
    self.recipe = recipe
    path = "\(root)/\(recipe.hash.prefix(12))"
  }

  /// The place of the cache of a recipe of one kind.
  package init(root: String, recipe: some CacheRecipe) {
    self.init(root: root, recipe: Recipe(recipe))
  }

  /// The caches under `root`, by name, or where there is none in it in the folders of it, as region stores
  /// are; empty where there is none there either.
  ///
  /// - Throws: `InputError` (`badData`) that names a `recipe.json` that is damaged.
  public static func all(in root: String) throws(InputError) -> [CacheFolder] {
    let folders = folders(in: root)
    let found = try all(among: folders)
    return try found.isEmpty ? all(among: folders.flatMap(Self.folders)) : found
  }

  private static func all(among folders: [String]) throws(InputError) -> [CacheFolder] {
    var found: [CacheFolder] = []
    for folder in folders where Files.exists("\(folder)/recipe.json") {
      found.append(try CacheFolder(folder))
    }
    return found
  }

  private static func folders(in root: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).sorted()
      .map { "\(root)/\($0)" }
  }

  package var recipeFile: String { "\(path)/recipe.json" }
  /// Where damaged shards are moved to.
  package var quarantine: String { "\(path)/quarantine" }
  /// The folder that this cache and those of other recipes are in.
  var root: String { PathText.folder(of: path) }
  package var catalogue: String { "\(path)/catalogue.sqlite" }
  /// Whether there is a catalogue whose making was not broken off.
  ///
  /// - Throws: `InputError` for one that cannot be read.
  package func hasCatalogue() throws(InputError) -> Bool { try Catalogue.isMade(catalogue) }
  package var shards: String { "\(path)/shards" }

  /// The file of shard `number`.
  package func shard(_ number: Int) -> String { "\(shards)/\(Self.shardName(number))" }

  static func shardName(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 6 - digits.count)) + digits + ".zst"
  }

  /// The file that `owner` writes before it becomes shard `number`.
  func part(of number: Int, token: Int, owner: Owner) -> String {
    "\(shard(number)).\(token).\(owner.name).part"
  }

  /// Refuses the folder unless it holds this very recipe; where it holds none, what differs from the
  /// caches beside it is named.
  ///
  /// - Throws: `InputError` (`missingInput` where there is no cache at all, `badData`).
  func requireRecipe() throws(InputError) {
    if Files.exists(recipeFile) {
      try Self.requireRecipe(Files.read(recipeFile), of: path)
      return
    }
    let others = try Self.all(in: root)
    let nearest = others.min {
      $0.recipe.difference(from: recipe).count < $1.recipe.difference(from: recipe).count
    }
    guard let nearest else {
      throw InputError(
        .missingInput, "there is no such cache here", at: root,
        expected: "recipe \(recipe.hash)",
        hint: "'vild embed' makes teacher caches, 'vild detect' region stores")
    }
    throw Recipe.refusal(
      of: nearest.recipe.json, wanted: recipe, at: nearest.path)
  }

  /// Makes the folders and `recipe.json`, or checks the one that is there.
  func create() throws(InputError) {
    try Files.createFolder(shards)
    if !Files.exists(recipeFile) { try writeRecipe() }
    try requireRecipe()
    try refuseNetworkFileSystem()
  }

  /// The numbers of the shard files that are there, ascending, whether catalogued or not.
  ///
  /// - Parameter ending: what follows a shard's name.
  func shardNumbers(ending: String = "") throws(InputError) -> [Int] {
    try names().compactMap { name in
      guard let number = Int(name.prefix { $0 != "." }), name == Self.shardName(number) + ending
      else { return nil }
      return number
    }.sorted()
  }

  /// The unfinished files of writers that are certainly gone: where other machines may write, of this
  /// machine's since it was started.
  func abandonedParts(on clock: LeaseClock) throws(InputError) -> [String] {
    let isShared = FileSystem.networkType(of: path) != nil
    let shardParts = try names().filter { name in
      let parts = name.split(separator: ".", maxSplits: 3)
      guard name.hasSuffix(".part"), parts.count == 4 else { return false }
      guard let owner = Owner(name: parts[3].dropLast(5)) else { return false }
      return (!isShared || owner.boot == clock.boot) && owner.isGone(on: clock)
    }
    let recipeParts = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [])
      .filter { $0.hasPrefix("recipe.json.") && $0.hasSuffix(".part") }
      .sorted().map { "\(path)/\($0)" }.filter(Part.isAbandoned)
    return shardParts.sorted().map { "\(shards)/\($0)" } + recipeParts
  }

  private func names() throws(InputError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: shards)
    } catch {
      throw InputError(.missingInput, "cannot list the folder", at: shards)
    }
  }

  /// A catalogue is written on a local disk only.
  private func refuseNetworkFileSystem() throws(InputError) {
    guard let kind = FileSystem.networkType(of: path) else { return }
    throw InputError(
      .cannotCreate, "the catalogue cannot live on a network file system", at: path,
      expected: "a local disk", got: kind,
      hint: "give a local disk with --runs; several machines work in parts (--part, --pool), which "
        + "'vild cache merge' brings together")
  }
}
