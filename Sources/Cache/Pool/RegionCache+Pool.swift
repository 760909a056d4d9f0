package import Support

/// What `RegionCache.merge(pool:)` found.
package struct PoolMerge: Equatable, Sendable {
  /// Units of the plan.
  package var units: Int
  /// Those that neither the pool nor the cache holds, ascending.
  package var missing: [Int]
  /// What was brought over.
  package var merge: CacheMerge
}

extension RegionCache {
  /// Brings the shards of a pool into a cache on a disk of this machine; the pool is only read.
  ///
  /// Every byte of a shard is compared with its hashes, and its images with the plan's, before it is added;
  /// each unit is asked for by its name. Killed at any moment, it can be run again; what is there already is
  /// compared. Images whose units are missing are queued.
  ///
  /// - Throws: `InputError`: no pool of this recipe (`missingInput`), damage, other images, or another
  ///   record of an image that the cache holds (`badData`); workers in `folder` (`tryAgain`). `Stopped` after
  ///   a signal.
  package static func merge(
    pool: ShardPool, of plan: UnitPlan, into folder: CacheFolder
  ) throws -> PoolMerge {
    try pool.requireRecipe()
    try folder.create()
    let lock = try CacheLock(folder, for: .mending)
    return try withExtendedLifetime(lock) {
      let target = try Catalogue(writing: folder.catalogue, recipe: folder.recipe)
      try adoptOrphans(of: folder, into: target)
      let merging = Merging(
        other: pool.folder, source: nil, folder: folder, target: target,
        reader: try CacheReader(folder))
      var found = PoolMerge(units: plan.count, missing: [], merge: CacheMerge())
      for unit in 0..<plan.count {
        try StopSignal.check()
        if let entry = try pool.shard(unit, of: plan) {
          try merging.carryOut(merging.plan(unit, sha256: entry.sha256), &found.merge)
        } else if try !holds(plan.images(of: unit), target) {
          found.missing.append(unit)
        }
      }
      try target.enqueue(plan.imageIDs, size: plan.size)
      if try target.progress().isComplete { try target.writeSummary() }
      try target.close()
      return found
    }
  }

  private static func holds(
    _ images: ArraySlice<Int>, _ catalogue: Catalogue
  ) throws(InputError) -> Bool {
    for image in images where try catalogue.location(of: image) == nil { return false }
    return true
  }
}
