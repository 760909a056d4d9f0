internal import Foundation
internal import Glibc
internal import Shards
package import Support

/// A folder that machines share and put finished shards into, one a unit of a `UnitPlan`:
/// `<root>/<first 12 of the recipe's hash>/` with `recipe.json`, `shards/` and `begun/`, which has the
/// first images of unfinished units.
///
/// There is no catalogue and no lock in it, and no file in it ever changes: it may be on any file system,
/// also on mounts of object stores.
package struct ShardPool: Sendable {
  /// Named as in a cache.
  package let folder: CacheFolder
  private let publication: Publication
  private let clock: LeaseClock

  /// The pool of a recipe under `root`, which need not exist.
  package init(root: String, recipe: some CacheRecipe, by publication: Publication = .system) {
    folder = CacheFolder(root: root, recipe: recipe)
    self.publication = publication
    clock = .system
  }

  private var begun: String { "\(folder.path)/begun" }

  /// Makes the folders and `recipe.json`, or checks the one that is there; removes what processes of this
  /// machine left unfinished.
  ///
  /// - Throws: `InputError`: a place that cannot be written to, or another recipe (`badData`).
  func create() throws(InputError) {
    try Files.createFolder(folder.shards)
    try Files.createFolder(begun)
    if !Files.exists(folder.recipeFile) {
      let part = Part.name(of: folder.recipeFile)
      try CacheFolder.write(Fingerprint.canonicalJSON(folder.recipe), toPart: part)
      _ = try publication.publish(part, as: folder.recipeFile)
    }
    try requireRecipe()
    for path in [folder.shards, begun] {
      for name in try names(in: path) where isAbandoned(name) { unlink("\(path)/\(name)") }
    }
  }

  /// - Throws: `InputError` where the pool of this recipe is not there (`missingInput`, or `badData` that
  ///   says how those that are there differ).
  func requireRecipe() throws(InputError) {
    do throws(InputError) {
      try folder.requireRecipe()
    } catch {
      var error = error
      if error.kind == .missingInput {
        error.what = "there is no such pool here"
        error.hint = "the parts of 'vild embed' and 'vild detect' make it, with --pool"
      }
      throw error
    }
  }

  /// Whether a file was left by a process of this machine that has ended. Those of other machines, and of
  /// this one before it was started again, stay: nobody here knows.
  private func isAbandoned(_ name: String) -> Bool {
    let parts = name.split(separator: ".", maxSplits: 3)
    guard name.hasSuffix(".part"), parts.count == 4 else { return false }
    let owner = Owner(name: parts[3].dropLast(5))
    return owner.map { $0.boot == clock.boot && $0.isGone(on: clock) } ?? false
  }

  private func names(in path: String) throws(InputError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      throw InputError(.missingInput, "cannot list the folder", at: path)
    }
  }

  // MARK: - Whole units

  /// The shard of a unit, every byte of which was compared with its hashes; nil where there is none. Asked
  /// for by its name: a listing may be seconds behind.
  ///
  /// - Throws: `InputError` (`badData`) for one that is damaged, or of other images than the plan's.
  func shard(_ unit: Int, of plan: UnitPlan) throws(InputError) -> ShardEntry? {
    guard Files.exists(folder.shard(unit)) else { return nil }
    do throws(InputError) {
      let entry = try RegionCache.wholeShard(unit, of: folder)
      try require(entry.images, toBeThoseOf: unit, plan)
      return entry
    } catch {
      var error = error
      if error.hint == nil || error.kind == .badData {
        error.hint = "remove this file from the pool, and run the part of unit \(unit) again"
      }
      throw error
    }
  }

  private func require(
    _ images: [Int], toBeThoseOf unit: Int, _ plan: UnitPlan
  ) throws(InputError) {
    let wanted = plan.images(of: unit)
    if images.elementsEqual(wanted) { return }
    let other = zip(images, wanted).first { $0 != $1 }
    throw InputError(
      .badData, "the shard holds other images than those of its unit", at: folder.shard(unit),
      expected: other.map { "image \($0.1)" } ?? wanted.count.counted("image"),
      got: other.map { "image \($0.0)" } ?? "\(images.count)")
  }

  /// Puts the records of a unit into the pool; equal ones that are there already are fine.
  ///
  /// - Parameter records: in the plan's order, as they are read from a cache.
  /// - Throws: `InputError`: another content is there (`badData`), or it cannot be written.
  func publish(_ unit: Int, _ records: [CacheRecord]) throws(InputError) {
    let path = folder.shard(unit)
    if try !write(records, of: unit, to: path) {
      let existing = try CacheShard(path: path, in: folder)
      _ = try existing.verifiedHash()
      let hash = SHA256()
      for record in records { record.feed(hash) }
      guard try existing.contentHash() == hash.hex else {
        throw InputError(
          .badData, "another shard is already in this place", at: path,
          expected: "the content just computed", got: "other content",
          hint: "two machines gave two results, or an image has changed: find out which is right "
            + "with 'vild cache verify --sample', and remove this file if it is wrong")
      }
    }
    for path in try begunFiles(of: unit) { unlink(path) }
  }

  /// - Returns: false where there is something at `path` already, which stays.
  private func write(
    _ records: [CacheRecord], of unit: Int, to path: String
  ) throws(InputError) -> Bool {
    let place = "\(PathText.folder(of: path))/\(CacheFolder.shardName(unit))"
    // Two threads may be at the same unit.
    let token = UInt64.random(in: 0 ... .max)
    let part = "\(place).\(token).\(Owner.current(on: clock).name).part"
    let writer = try CacheShardWriter(path: part, recipe: folder.recipe, shard: unit)
    for record in records { try writer.append(record) }
    _ = try writer.finish()
    return try publication.publish(part, as: path) != nil
  }

  // MARK: - Unfinished units

  /// Puts the records of some images of a unit into the pool, for whoever goes on with it.
  func keepBegun(_ unit: Int, _ records: [CacheRecord]) throws(InputError) {
    let earlier = try begunFiles(of: unit)
    let path = "\(begun)/\(CacheFolder.shardName(unit)).\(records.count)"
    if earlier.contains(path) { return }
    _ = try write(records, of: unit, to: path)
    for path in earlier { unlink(path) }
  }

  /// What others have done of a unit, by image. A file that cannot be used is passed over: what it held
  /// is done again.
  func begunRecords(of unit: Int) throws(InputError) -> [Int: CacheRecord] {
    var found: [Int: CacheRecord] = [:]
    for path in try begunFiles(of: unit) {
      guard let shard = try? CacheShard(path: path, in: folder), shard.header.shard == unit,
        (try? shard.verifiedHash()) != nil, let records = try? shard.records()
      else { continue }
      for record in records { found[record.imageID] = record }
    }
    return found
  }

  private func begunFiles(of unit: Int) throws(InputError) -> [String] {
    let start = "\(CacheFolder.shardName(unit))."
    return try names(in: begun).filter { $0.hasPrefix(start) && !$0.hasSuffix(".part") }
      .map { "\(begun)/\($0)" }
  }
}
