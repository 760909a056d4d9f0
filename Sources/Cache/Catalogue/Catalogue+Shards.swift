internal import Foundation
internal import GRDB
internal import Shards
internal import Support

/// What the catalogue says of a published shard, read off the shard itself.
struct ShardEntry: Sendable {
  var unit: Int
  var bytes: Int
  var sha256: String
  var blocks: Int
  var regions: Int
  /// One an image, in their order.
  var locations: [ImageLocation]

  var images: [Int] { locations.map(\.row.imageID) }

  /// - Parameter sha256: of the whole file.
  init(_ shard: CacheShard, sha256: String) throws(InputError) {
    unit = shard.header.shard
    bytes = shard.size
    self.sha256 = sha256
    blocks = shard.footer.blocks.count
    regions = shard.footer.rows
    locations = []
    let decoder = BlockDecoder()
    for block in 0..<blocks {
      for (row, regions) in try shard.imageRegions(block, using: decoder) {
        locations.append(ImageLocation(shard: unit, block: block, row: row, regions: regions))
      }
    }
  }
}

/// Where an image's regions are.
package struct ImageLocation: Equatable, Sendable {
  var shard: Int
  var block: Int
  package var row: ImageRow
  /// The `RegionsHash` of an image that did not fail.
  var regions: String?
}

extension Catalogue {
  /// Publishes a shard that lies at its place: its row, its images' rows, its unit done.
  ///
  /// - Throws: `InputError` (`tryAgain` for a lost lease, `badData` where the catalogue knows the
  ///   unit with other content).
  ///
  /// - Parameter files: what the images' files looked like before they were read, by image.
  func publish(
    _ entry: ShardEntry, of unit: WorkUnit, files: [Int: SeenFile], by owner: Owner, run: Int
  ) throws(InputError) {
    try write { db in
      if try self.isKnown(entry, in: db) { return }
      try self.beat(unit, owner: owner, in: db)
      guard try Self.images(of: entry.unit, in: db) == entry.images else {
        throw self.contradiction(entry, "other images")
      }
      try Self.finish(entry, holding: entry.locations, in: db)
      try Self.see(files, in: db)
      guard var row = try RunRow.fetch(run, in: db) else { return }
      row.images += entry.locations.count
      row.regions += entry.regions
      try row.store(in: db)
    }
  }

  /// Whether the catalogue has this very shard already.
  func isKnown(_ entry: ShardEntry, in db: Database) throws -> Bool {
    guard let known = try db.checkedRow(.shard, key: entry.unit).map(ShardRow.init) else {
      return false
    }
    if known.sha256 != entry.sha256 { throw contradiction(entry, "other content") }
    return true
  }

  /// Takes a shard and its images' rows out; its unit is ready again.
  func forget(_ unit: Int) throws(InputError) {
    try write { db in
      try Self.dropSummary(in: db)
      try db.execute(
        sql: "DELETE FROM file WHERE image IN (SELECT id FROM image WHERE unit = ?)",
        arguments: [unit])
      try db.execute(sql: "DELETE FROM location WHERE shard = ?", arguments: [unit])
      try db.execute(
        sql: "DELETE FROM location WHERE image IN (SELECT id FROM image WHERE unit = ?)",
        arguments: [unit])
      try db.execute(sql: "DELETE FROM shard WHERE unit = ?", arguments: [unit])
      guard var row = try UnitRow.fetch(unit, in: db) else { return }
      row.free()
      (row.attempts, row.deaths) = (0, 0)
      try row.store(in: db)
    }
  }

  /// Enters a shard and its images' rows; its unit is done.
  ///
  /// - Parameter locations: of the images that count as this shard's.
  static func finish(
    _ entry: ShardEntry, holding locations: [ImageLocation], in db: Database
  ) throws {
    try dropSummary(in: db)
    try UnitRow(id: entry.unit, state: .done).store(in: db)
    try db.insert(
      [
        entry.unit, CacheFolder.shardName(entry.unit), entry.bytes, entry.sha256, entry.blocks,
        entry.locations.count, entry.regions,
      ], into: .shard)
    for location in locations {
      let row = location.row
      try db.insert(
        [
          row.imageID, location.shard, location.block, row.firstRow, row.rows, row.width,
          row.height, row.status.rawValue, row.error, row.content, location.regions,
        ], into: .location)
    }
  }

  func contradiction(_ entry: ShardEntry, _ what: String) -> InputError {
    InputError(
      .badData, "shard \(entry.unit) is in the catalogue with \(what)", at: path,
      hint: "'vild cache repair' finds out which is right")
  }

  /// Where `image` is; nil where the cache does not hold it (yet).
  func location(of image: Int) throws(InputError) -> ImageLocation? {
    try read { try Self.location(of: image, in: $0) }
  }

  static func location(of image: Int, in db: Database) throws -> ImageLocation? {
    try db.checkedRow(.location, key: image).map(ImageLocation.init)
  }

  /// Where all images are that the cache holds, without their regions' hashes. O(images).
  func locations() throws(InputError) -> ImageLocations {
    // They are all pages of the file, and nobody asks again.
    defer { releaseMemory() }
    return try read { db in
      let count = try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM location") ?? 0
      var found: [ImageLocation] = []
      found.reserveCapacity(count)
      try Self.forEachLocation(in: db) { location in
        var location = location
        location.regions = nil
        found.append(location)
      }
      return ImageLocations(found)
    }
  }

  /// The locations of a shard's images in the order in which they stand there.
  func locations(in shard: Int) throws(InputError) -> [ImageLocation] {
    try read { db in
      try db.checkedRows(
        .location,
        """
        SELECT location.* FROM location JOIN image ON image.id = location.image
        WHERE shard = ? ORDER BY position
        """, [shard]
      ).map(ImageLocation.init)
    }
  }

  /// A published shard as the catalogue knows it.
  struct ShardRow: Sendable {
    var unit: Int
    var bytes: Int
    var sha256: String
    var blocks: Int
    /// In the file; some may count as those of other shards.
    var images: Int
    var regions: Int

    init(_ row: CheckedRow) throws {
      var row = row
      unit = try row.take()
      row.skip()
      bytes = try row.take()
      sha256 = try row.take()
      blocks = try row.take()
      images = try row.take()
      regions = try row.take()
    }
  }

  /// The published shards, ascending.
  func shards() throws(InputError) -> [ShardRow] {
    try read { try Self.shards(in: $0) }
  }

  static func shards(in db: Database) throws -> [ShardRow] {
    try db.checkedRows(.shard, "SELECT * FROM shard ORDER BY unit").map(ShardRow.init)
  }
}

extension ImageLocation {
  init(_ row: CheckedRow) throws {
    var row = row
    let image: Int = try row.take()
    shard = try row.take()
    block = try row.take()
    self.row = ImageRow(
      imageID: image, firstRow: try row.take(), rows: try row.take(), status: .ok,
      width: try row.take(), height: try row.take(), error: nil, content: nil)
    self.row.status = try row.take()
    self.row.error = try row.take()
    self.row.content = try row.take()
    regions = try row.take()
  }
}
