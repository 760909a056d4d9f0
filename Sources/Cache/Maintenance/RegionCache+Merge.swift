internal import Glibc
internal import Shards
public import Support

/// What `RegionCache.merge` brought over.
public struct CacheMerge: Codable, Equatable, Sendable {
  /// Shards taken over byte by byte, under their numbers.
  public var shardsTaken = 0
  /// Shards written anew, under other numbers or without the images that were there already.
  public var shardsWritten = 0
  /// Images that are new here.
  public var images = 0
  /// Images that both caches held, with the same content.
  public var imagesInBoth = 0
}

extension RegionCache {
  /// Adds what another cache of the same recipe holds; the other one is only read.
  ///
  /// Every record is compared or checked before the first is added. A shard whose images are those
  /// of the unit of its number here is taken over byte by byte; of any other, the images that are
  /// new here become a shard of a new number. Killed at any moment, it can be run again.
  ///
  /// - Throws: `InputError`: other recipes, damage, or two different records of one image, which is
  ///   named (`badData`); workers in `folder` (`tryAgain`); no cache (`missingInput`).
  public static func merge(
    from other: CacheFolder, into folder: CacheFolder
  ) throws(InputError) -> CacheMerge {
    guard other.recipe == folder.recipe else {
      throw Recipe.refusal(
        of: other.recipe.json, wanted: folder.recipe, at: other.path)
    }
    guard realpath(other.path) != realpath(folder.path) else {
      throw InputError(.usage, "a cache cannot be merged with itself", at: folder.path)
    }
    try other.requireRecipe()
    try folder.create()
    let lock = try CacheLock(folder, for: .mending)
    return try withExtendedLifetime(lock) { () throws(InputError) in
      let source = try Catalogue(reading: other.catalogue, recipe: other.recipe)
      try source.requireSound()
      let target = try Catalogue(writing: folder.catalogue, recipe: folder.recipe)
      try adoptOrphans(of: folder, into: target)
      let merging = Merging(
        other: other, source: source, folder: folder, target: target,
        reader: try CacheReader(folder))
      let shards = try source.shards()
      var plans: [Merging.Plan] = []
      for row in shards { plans.append(try merging.plan(row.unit, sha256: row.sha256)) }
      var merge = CacheMerge()
      for plan in plans { try merging.carryOut(plan, &merge) }
      if try target.progress().isComplete { try target.writeSummary() }
      try target.close()
      return merge
    }
  }

  private static func realpath(_ path: String) -> String? {
    guard let real = Glibc.realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
  }
}

/// One cache on its way into another.
struct Merging {
  let other: CacheFolder
  /// Of `other`; nil where that has none, as a pool: each of its images is in one shard.
  let source: Catalogue?
  let folder: CacheFolder
  let target: Catalogue
  /// Of what `folder` holds.
  let reader: CacheReader

  /// What is to be done with a shard of the other cache.
  struct Plan {
    var unit: Int
    var sha256: String
    /// Its images that are new here, in their order.
    var new: [Int]
    var known: Int
    /// How many count as those of later shards.
    var left: Int
  }

  /// Checks every record of a shard, and those of images that are here already against them.
  func plan(_ unit: Int, sha256: String) throws(InputError) -> Plan {
    let shard = try CacheShard(path: other.shard(unit), in: other)
    guard try shard.verifiedHash() == sha256 else {
      throw ShardFormat.damaged("it is not the file that was published", at: shard.path)
    }
    var plan = Plan(unit: unit, sha256: sha256, new: [], known: 0, left: 0)
    for record in try shard.records() {
      if let source, try source.location(of: record.imageID)?.shard != unit {
        plan.left += 1
        continue
      }
      try record.check(folder.recipe.columns, at: shard.path)
      if try target.location(of: record.imageID) == nil {
        plan.new.append(record.imageID)
        continue
      }
      plan.known += 1
      guard try reader.record(of: record.imageID) == record else {
        throw InputError(
          .badData, "the two caches hold different records of image \(record.imageID)",
          at: shard.path, expected: "what \(folder.path) holds",
          hint: "find out which machine is wrong with 'vild cache verify --sample'")
      }
    }
    return plan
  }

  func carryOut(_ plan: Plan, _ merge: inout CacheMerge) throws(InputError) {
    merge.images += plan.new.count
    merge.imagesInBoth += plan.known
    if plan.new.isEmpty { return }
    let shard = try CacheShard(path: other.shard(plan.unit), in: other)
    let queued = try target.read { try Catalogue.images(of: plan.unit, in: $0) }
    let isFree = try isFree(plan.unit)
    if plan.known == 0 && plan.left == 0 && (isFree || queued == plan.new) {
      try target.adopt(try copy(plan, shard))
      merge.shardsTaken += 1
    } else {
      let new = Set(plan.new)
      let records = try shard.records().filter { new.contains($0.imageID) }
      let number = try folder.freeNumber(target)
      try target.adopt(try ShardEntry(storing: records, as: number, in: folder))
      merge.shardsWritten += 1
    }
  }

  private func isFree(_ number: Int) throws(InputError) -> Bool {
    if Files.exists(folder.shard(number)) { return false }
    return try target.read { try !Catalogue.hasUnit(number, in: $0) }
  }

  /// The file under its number in `folder`. Not a second name of the same file: what happens to
  /// one cache must not happen to the other.
  private func copy(
    _ plan: Plan, _ shard: CacheShard
  ) throws(InputError) -> ShardEntry {
    let part = folder.part(of: plan.unit, token: 0, owner: .current(on: .system))
    let data = try Files.read(shard.path)
    guard Fingerprint.data(data) == plan.sha256 else {
      throw ShardFormat.damaged("it is not the file that was published", at: shard.path)
    }
    try CacheFolder.write(data, toPart: part)
    return try ShardEntry(moving: part, to: plan.unit, of: folder, sha256: plan.sha256)
  }
}
