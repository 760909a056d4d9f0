internal import Glibc
internal import Shards
public import Support

extension RegionCache {
  /// Puts right what `verify` names, without losing anything sound: whole shards get their own names
  /// and are adopted, the sound images of damaged ones kept, damaged files moved to `quarantine`, their other images
  /// queued again, a lost or damaged catalogue rebuilt, wrong rows corrected. Images whose files have
  /// changed are queued again; every file that is still there is read for that.
  ///
  /// Killed at any moment, it can be run again. Beside live workers it only adopts shards and
  /// removes the files of dead ones.
  /// - Throws: `InputError`: more is to be done but workers are using the cache (`tryAgain`); a
  ///   newer catalogue, a cache of another recipe (`badData`); none (`missingInput`).
  public static func repair(_ folder: CacheFolder) throws(InputError) -> CacheRepair {
    try folder.create()
    let (lock, isAlone) = try lockForRepair(folder)
    return try withExtendedLifetime(lock) { () throws(InputError) in
      var repair = Repair(folder: folder)
      if isAlone { try repair.putShardsInPlace() }
      repair.problems = try verify(folder, .full, readingImages: true)
      if !isAlone, repair.problems.contains(where: { $0.kind != .unknownShard }) {
        _ = try CacheLock(folder, for: .mending)
      }
      try repair.run(isAlone: isAlone)
      let remaining = repair.actions.isEmpty ? repair.problems : try verify(folder, .quick)
      return CacheRepair(actions: repair.actions, remaining: remaining)
    }
  }

  /// The cache's lock, for this process alone where nobody else has it.
  private static func lockForRepair(
    _ folder: CacheFolder
  ) throws(InputError) -> (CacheLock, isAlone: Bool) {
    do throws(InputError) {
      return (try CacheLock(folder, for: .mending), true)
    } catch {
      guard error.kind == .tryAgain else { throw error }
      return (try CacheLock(folder, for: .working), false)
    }
  }
}

/// The work of one repair.
struct Repair {
  let folder: CacheFolder
  var problems: [CacheProblem] = []
  var actions: [CacheRepair.Action] = []

  mutating func run(isAlone: Bool) throws(InputError) {
    for part in try folder.abandonedParts(on: .system) {
      unlink(part)
      note(.removedPart, file: part, "its writer is gone")
    }
    let catalogue = try openCatalogue()
    if isAlone {
      for unit in try catalogue.contradictoryUnits() {
        try catalogue.forget(unit)
        note(.correctedRows, shard: unit, "the catalogue contradicted itself")
      }
      if try !catalogue.hasRightList() {
        try catalogue.dropList()
        note(.correctedRows, "the list of usable images was not that of the rows")
      }
      for number in Set(problems.compactMap { $0.kind == .unknownShard ? nil : $0.shard }).sorted()
      {
        try mend(number, in: catalogue)
      }
    }
    let known = Set(try catalogue.shards().map(\.unit))
    for number in try folder.shardNumbers() where !known.contains(number) {
      try enter(number, in: catalogue)
    }
    if isAlone { try queueChanged(in: catalogue) }
    if try catalogue.progress().isComplete { try catalogue.writeSummary() }
    try catalogue.close()
  }

  /// The catalogue; an empty new one where the old one is of no use.
  private mutating func openCatalogue() throws(InputError) -> Catalogue {
    do throws(InputError) {
      let old = try Catalogue(reading: folder.catalogue, recipe: folder.recipe)
      let damage = try old.damage()
      try old.close()
      if damage.isEmpty { return try Catalogue(writing: folder.catalogue, recipe: folder.recipe) }
      note(.rebuiltCatalogue, file: folder.catalogue, damage[0])
    } catch {
      guard Catalogue.canBeRebuilt(after: error) else { throw error }
      note(.rebuiltCatalogue, file: folder.catalogue, error.description)
    }
    for suffix in ["", "-wal", "-shm"] where Files.exists(folder.catalogue + suffix) {
      try moveAway(folder.catalogue + suffix)
    }
    return try Catalogue(writing: folder.catalogue, recipe: folder.recipe)
  }

  /// Images whose files are not what was embedded any more.
  private mutating func queueChanged(in catalogue: Catalogue) throws(InputError) {
    let changed = problems.filter { $0.kind == .changedImage }.flatMap(\.images)
    if changed.isEmpty { return }
    try catalogue.queueAgain(changed, size: 128, suspects: []) { unlink(folder.shard($0)) }
    note(.queuedAgain, images: changed, "their files have changed")
  }

  /// A shard that the catalogue knows and that a check complains about.
  private mutating func mend(_ number: Int, in catalogue: Catalogue) throws(InputError) {
    let reason = problems.first { $0.shard == number }?.message ?? ""
    let images = try catalogue.locations(in: number).map(\.row.imageID)
    guard Files.exists(folder.shard(number)) else {
      try catalogue.forget(number)
      note(.queuedAgain, shard: number, images: images, reason)
      return
    }
    if let entry = try? soundShard(number) {
      try catalogue.forget(number)
      try catalogue.adopt(entry)
      note(.correctedRows, shard: number, "the shard is whole: \(reason)")
    } else {
      try catalogue.forget(number)
      try salvage(number, in: catalogue, reason)
      var lost: [Int] = []
      for image in images where try catalogue.location(of: image) == nil { lost.append(image) }
      if !lost.isEmpty { note(.queuedAgain, shard: number, images: lost, reason) }
    }
  }

  /// A shard file that the catalogue does not know.
  private mutating func enter(_ number: Int, in catalogue: Catalogue) throws(InputError) {
    let entry: ShardEntry
    do throws(InputError) {
      entry = try soundShard(number)
    } catch {
      guard error.kind == .badData else { throw error }
      try salvage(number, in: catalogue, error.description)
      return
    }
    do throws(InputError) {
      if try catalogue.adopt(entry) {
        note(.adopted, shard: number, images: entry.images, "verified, nothing computed anew")
      } else {
        try salvage(number, in: catalogue, "later shards hold its images")
      }
    } catch {
      guard error.kind == .badData else { throw error }
      try salvage(number, in: catalogue, error.description)
    }
  }

  /// The entry of a shard that is as good as on its first day: every record of it.
  private func soundShard(_ number: Int) throws(InputError) -> ShardEntry {
    let entry = try RegionCache.wholeShard(number, of: folder)
    let shard = try CacheShard(path: folder.shard(number), in: folder)
    for block in shard.footer.blocks.indices {
      let block = try shard.block(block)
      for image in block.rows.indices {
        try block.record(image).check(shard.content, at: shard.path)
      }
    }
    return entry
  }

  /// Writes the sound records of a shard whose images no other shard holds into a new shard, and
  /// moves the old file away.
  private mutating func salvage(
    _ number: Int, in catalogue: Catalogue, _ reason: String
  ) throws(InputError) {
    var kept: [CacheRecord] = []
    for record in soundRecords(of: folder.shard(number))
    where try catalogue.location(of: record.imageID) == nil {
      kept.append(record)
    }
    if !kept.isEmpty {
      let new = try folder.freeNumber(catalogue)
      try catalogue.adopt(try ShardEntry(storing: kept, as: new, in: folder))
      note(.salvaged, shard: new, images: kept.map(\.imageID), "sound blocks of shard \(number)")
    }
    try moveAway(folder.shard(number))
    note(
      .quarantined, shard: number, file: "\(folder.quarantine)/\(CacheFolder.shardName(number))",
      reason)
  }

  private func soundRecords(of path: String) -> [CacheRecord] {
    guard let shard = try? CacheShard(path: path, in: folder) else { return [] }
    var records: [CacheRecord] = []
    for index in shard.footer.blocks.indices {
      guard let block = try? shard.block(index) else { continue }
      for image in block.rows.indices {
        let record = block.record(image)
        if (try? record.check(shard.content, at: path)) != nil {
          records.append(record)
        }
      }
    }
    return records
  }

  /// Moves a file to `quarantine`, under a name that is free there.
  func moveAway(_ path: String) throws(InputError) {
    try Files.createFolder(folder.quarantine)
    let name = PathText.name(of: path)
    var place = "\(folder.quarantine)/\(name)"
    var copies = 1
    while link(path, place) != 0 {
      guard errno == EEXIST else { throw .system("cannot move to", at: place) }
      copies += 1
      place = "\(folder.quarantine)/\(name).\(copies)"
    }
    try Files.syncFolder(of: place)
    guard unlink(path) == 0 else { throw .system("cannot move", at: path) }
    try Files.syncFolder(of: path)
  }

  mutating func note(
    _ kind: CacheRepair.Action.Kind, shard: Int? = nil, images: [Int] = [], file: String? = nil,
    _ message: String
  ) {
    actions.append(
      .init(kind: kind, shard: shard, images: images, file: file, message: message))
  }
}
