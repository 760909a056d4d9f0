internal import Foundation
internal import Glibc
public import Support

/// Where the cache of one recipe lives: `<root>/<first 12 of the recipe's hash>/` with
/// `recipe.json`, `catalogue.sqlite` and `shards/`. Another recipe lives beside it.
public struct CacheFolder: Equatable, Sendable {
  /// The folder of this one cache.
  public let path: String
  /// What its embeddings were made by.
  public let recipe: Recipe
  /// Hash of `recipe`.
  public let recipeHash: String

  /// The place of `recipe` under `root`, which need not exist.
  public init(root: String, recipe: Recipe) {
    self.recipe = recipe
    recipeHash = recipe.hash
    path = "\(root)/\(recipeHash.prefix(12))"
  }

  /// The caches under `root`, by name; empty where there is none.
  ///
  /// - Throws: `InputError` (`badData`) that names a `recipe.json` that cannot be understood.
  public static func all(in root: String) throws(InputError) -> [CacheFolder] {
    var found: [CacheFolder] = []
    for name in ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).sorted() {
      let file = "\(root)/\(name)/recipe.json"
      guard Files.exists(file) else { continue }
      let folder = CacheFolder(root: root, recipe: try Recipe.read(file))
      guard folder.path == "\(root)/\(name)" else {
        throw InputError(
          .badData, "the recipe does not belong to its folder", at: file,
          expected: "a folder named \(folder.recipe.hash.prefix(12))", got: name)
      }
      found.append(folder)
    }
    return found
  }

  package var recipeFile: String { "\(path)/recipe.json" }
  package var catalogue: String { "\(path)/catalogue.sqlite" }
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

  /// Refuses the folder unless it holds this very recipe; names both hashes and what differs.
  ///
  /// - Throws: `InputError` (`missingInput` where there is no cache at all, `badData`).
  func requireRecipe() throws(InputError) {
    if Files.exists(recipeFile) {
      let found: JSONValue
      let data = try Files.read(recipeFile)
      do {
        found = try JSONDecoder().decode(JSONValue.self, from: data)
      } catch {
        throw InputError(.badData, "not a teacher cache's recipe", at: recipeFile)
      }
      guard Fingerprint.json(found) == recipe.hash else {
        throw Recipe.refusal(of: found, wanted: recipe, at: recipeFile)
      }
      return
    }
    let root = (path as NSString).deletingLastPathComponent
    let others = try Self.all(in: root)
    let nearest = others.min {
      $0.recipe.difference(from: recipe).count < $1.recipe.difference(from: recipe).count
    }
    guard let nearest else {
      throw InputError(
        .missingInput, "there is no teacher cache here", at: root,
        expected: "recipe \(recipe.hash)", hint: "embed the proposals first")
    }
    throw Recipe.refusal(
      of: JSONValue(encoding: nearest.recipe), wanted: recipe, at: nearest.path)
  }

  /// Makes the folders and `recipe.json`, or checks the one that is there.
  func create() throws(InputError) {
    try Files.createFolder(shards)
    if !Files.exists(recipeFile) {
      try Files.write(Fingerprint.canonicalJSON(recipe), to: recipeFile)
    }
    try requireRecipe()
    try refuseNetworkFileSystem()
  }

  /// The numbers of the shard files that are there, ascending, whether catalogued or not.
  func shardNumbers() throws(InputError) -> [Int] {
    try names().compactMap { name in
      guard name.hasSuffix(".zst"), let number = Int(name.dropLast(4)),
        name == Self.shardName(number)
      else { return nil }
      return number
    }.sorted()
  }

  /// Removes the unfinished files of writers that are certainly gone.
  func removeAbandonedParts() throws(InputError) {
    for name in try names() where name.hasSuffix(".part") {
      let parts = name.dropLast(5).split(separator: ".", maxSplits: 3)
      if parts.count == 4, let owner = Owner(name: parts[3]), owner.isGone {
        unlink("\(shards)/\(name)")
      }
    }
  }

  private func names() throws(InputError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: shards)
    } catch {
      throw InputError(.missingInput, "cannot list the folder", at: shards)
    }
  }

  /// SQLite's write-ahead log needs memory that all its processes share, so one host.
  private func refuseNetworkFileSystem() throws(InputError) {
    let kind = try Self.fileSystem(of: path)
    let isRemote = ["nfs", "cifs", "smb", "lustre", "ceph", "afs", "9p", "fuse.sshfs"]
      .contains { kind.hasPrefix($0) }
    if isRemote {
      throw InputError(
        .cannotCreate, "the catalogue cannot live on a network file system", at: path,
        expected: "a local disk", got: kind)
    }
  }

  /// The type of the file system that holds `path`, as the kernel names it; empty if unknown.
  private static func fileSystem(of path: String) throws(InputError) -> String {
    guard let real = realpath(path, nil) else { throw .system("cannot read", at: path) }
    defer { free(real) }
    let place = String(cString: real) + "/"
    let mounts = (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? ""
    // Lines of "device folder type options"; the last mounted of the longest folders holds it.
    var longest = ""
    var kind = ""
    for line in mounts.split(separator: "\n") {
      let fields = line.split(separator: " ").map(String.init)
      guard fields.count > 2 else { continue }
      let folder = fields[1].hasSuffix("/") ? fields[1] : fields[1] + "/"
      if place.hasPrefix(folder), folder.count >= longest.count {
        longest = folder
        kind = fields[2]
      }
    }
    return kind
  }
}
