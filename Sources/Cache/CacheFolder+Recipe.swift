internal import Foundation
internal import Glibc
internal import Shards
public import Support

/// `recipe.json`, whose checksum is the name of its folder: the first 12 digits of its SHA-256.
extension CacheFolder {
  /// The cache in the folder `path`.
  ///
  /// - Throws: `InputError`: no `recipe.json` (`missingInput`), or a damaged one (`badData`).
  public init(_ path: String) throws(InputError) {
    let file = "\(path)/recipe.json"
    try Self.requireRecipe(Files.read(file), of: path)
    self.init(root: PathText.folder(of: path), recipe: try Recipe.read(file))
  }

  /// - Throws: `InputError` (`badData`) where `data` is not what was written into the folder `path`.
  static func requireRecipe(_ data: Data, of path: String) throws(InputError) {
    let (expected, found) = (PathText.name(of: path), Fingerprint.data(data).prefix(12))
    if expected == found { return }
    throw InputError(
      .badData, "the recipe does not have the checksum it was written with",
      at: "\(path)/recipe.json", expected: "that in its folder's name, \(expected)",
      got: String(found),
      hint: "'vild cache repair' writes it anew; a folder that was renamed needs its old name")
  }

  /// Writes the `recipe.json` of the cache in the folder `path` anew where it is damaged or gone, as a
  /// shard or the catalogue has it.
  ///
  /// - Returns: whether it had to.
  /// - Throws: `InputError`: none of them has the recipe that the folder is named after (`badData`), or
  ///   it cannot be written.
  public static func mendRecipe(of path: String) throws(InputError) -> Bool {
    let file = "\(path)/recipe.json"
    func isRight(_ data: Data) -> Bool { (try? requireRecipe(data, of: path)) != nil }
    if let data = try? Files.read(file), isRight(data) { return false }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(path)/shards")) ?? []
    let shards = names.filter { $0.hasSuffix(".zst") }.sorted().lazy.compactMap {
      (try? CacheShard(path: "\(path)/shards/\($0)")).map { Data($0.header.recipe.utf8) }
    }
    let catalogue = Catalogue.recipeText("\(path)/catalogue.sqlite").map { Data($0.utf8) }
    if let data = catalogue.flatMap({ isRight($0) ? $0 : nil }) ?? shards.first(where: isRight) {
      try Files.write(data, to: file)
      return true
    }
    throw InputError(
      .badData, "neither the catalogue nor a shard says what the recipe was", at: path,
      hint: "nothing of this cache can be used: remove its folder and embed again")
  }

  /// Writes this recipe.
  func writeRecipe() throws(InputError) {
    try Files.write(Fingerprint.canonicalJSON(recipe), to: recipeFile)
  }

  /// Writes a file, durably, that is to get its name later; nothing is left of one that failed.
  static func write(_ data: Data, toPart path: String) throws(InputError) {
    let file = try OpenFile(path, O_WRONLY | O_CREAT | O_TRUNC, or: "cannot write")
    defer { withExtendedLifetime(file) {} }
    do throws(InputError) {
      try Files.writeAll(data, to: file.descriptor, path: path)
      guard fsync(file.descriptor) == 0 else { throw .system("cannot write", at: path) }
    } catch {
      unlink(path)
      throw error
    }
  }
}
