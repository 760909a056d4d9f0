internal import GRDB
internal import Support

/// Shards that somebody else wrote. Of several that hold an image, that of the highest number counts:
/// what is embedded again goes into a new unit.
extension Catalogue {
  /// Enters a shard that lies at its place, whoever wrote it. Its images leave the units they were
  /// queued in, and the shards of lower numbers.
  ///
  /// - Returns: false where shards of higher numbers hold all of its images; it is not entered then.
  /// - Throws: `InputError`: a unit that another worker holds has some of its images (`tryAgain`),
  ///   or the catalogue knows this one with other content (`badData`).
  @discardableResult
  func adopt(_ entry: ShardEntry) throws(InputError) -> Bool {
    try write { db in
      if try self.isKnown(entry, in: db) { return true }
      let live = try entry.locations.enumerated().filter { _, location in
        let holder = try Self.location(of: location.row.imageID, in: db)
        return holder.map { $0.shard <= entry.unit } ?? true
      }
      if live.isEmpty && !entry.locations.isEmpty { return false }
      if try Self.images(of: entry.unit, in: db) != live.map(\.element.row.imageID) {
        try self.gather(live.map { ($0.offset, $0.element.row.imageID) }, entry, in: db)
      }
      try Self.finish(entry, holding: live.map(\.element), in: db)
      return true
    }
  }

  /// Makes some images of `entry` those of its unit, at their positions in the shard.
  private func gather(
    _ images: [(position: Int, image: Int)], _ entry: ShardEntry, in db: Database
  ) throws {
    var sources: Set<Int> = []
    for (_, image) in images {
      if let unit = try Self.unit(of: image, in: db) { sources.insert(unit) }
    }
    // What was queued under this number makes room.
    let mine = try Self.images(of: entry.unit, in: db)
    if !mine.isEmpty { sources.insert(entry.unit) }
    for unit in sources {
      let row = try UnitRow.fetch(unit, in: db)
      if row?.state == .done && unit >= entry.unit {
        throw contradiction(entry, "images that shard \(unit) holds as well")
      }
      let owner = row?.owner.flatMap { Owner(name: $0) }
      if let owner, !owner.isGone(on: clock), unit != entry.unit {
        throw InputError(
          .tryAgain, "a worker holds images of a shard that lies there already", at: path,
          got: owner.name)
      }
    }
    let known = Set(images.map(\.image))
    try moveAway(mine.filter { !known.contains($0) }, from: entry.unit, in: db)
    if try !Self.hasUnit(entry.unit, in: db) { try UnitRow(id: entry.unit).insert(in: db) }
    // Positions are unique within a unit: first out of the way, then in order, every one of them.
    let away = try db.makeStatement(sql: "UPDATE image SET position = position + ? WHERE unit = ?")
    try away.execute(arguments: [1 << 32, entry.unit])
    let leave = try db.makeStatement(sql: "DELETE FROM location WHERE image = ?")
    let unsee = try db.makeStatement(sql: "DELETE FROM file WHERE image = ?")
    for (position, image) in images {
      try leave.execute(arguments: [image])
      try unsee.execute(arguments: [image])
      try db.put([image, entry.unit, position], into: .image)
    }
    for unit in sources where unit != entry.unit { _ = try Self.removeIfEmpty(unit, in: db) }
  }

  /// Queues images of a unit under a number of their own.
  private func moveAway(_ images: [Int], from unit: Int, in db: Database) throws {
    if images.isEmpty { return }
    let number = try max(Self.freeNumber(in: db), unit + 1)
    try UnitRow(id: number).insert(in: db)
    for (position, image) in images.enumerated() {
      try db.put([image, number, position], into: .image)
    }
  }

  /// Removes a unit that has no images any more, and the row of its shard; the file stays.
  ///
  /// - Returns: whether there was a shard.
  static func removeIfEmpty(_ unit: Int, in db: Database) throws -> Bool {
    if try Int.fetchOne(db, sql: "SELECT 1 FROM image WHERE unit = ?", arguments: [unit]) != nil {
      return false
    }
    try db.execute(sql: "DELETE FROM shard WHERE unit = ?", arguments: [unit])
    let hadShard = db.changesCount > 0
    try db.execute(sql: "DELETE FROM unit WHERE id = ?", arguments: [unit])
    return hadShard
  }
}
