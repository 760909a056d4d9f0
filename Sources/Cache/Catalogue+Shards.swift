internal import Foundation
internal import GRDB
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
  init(_ shard: ShardReader, sha256: String) throws(InputError) {
    unit = shard.header.shard
    bytes = shard.size
    self.sha256 = sha256
    blocks = shard.footer.blocks.count
    regions = shard.footer.regions
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
struct ImageLocation: Equatable, Sendable {
  var shard: Int
  var block: Int
  var row: ImageRow
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
    _ entry: ShardEntry, of unit: WorkUnit, files: [Int: SeenFile], by owner: Owner, run: Int64
  ) throws(InputError) {
    try write { db in
      if try self.isKnown(entry, in: db) { return }
      try self.beat(unit, owner: owner, in: db)
      guard try Self.images(of: entry.unit, in: db) == entry.images else {
        throw self.contradiction(entry, "other images")
      }
      try Self.finish(entry, holding: entry.locations, in: db)
      try Self.see(files, in: db)
      try db.execute(
        sql: "UPDATE run SET images = images + ?, regions = regions + ? WHERE id = ?",
        arguments: [entry.locations.count, entry.regions, run])
    }
  }

  /// Whether the catalogue has this very shard already.
  func isKnown(_ entry: ShardEntry, in db: Database) throws -> Bool {
    let known = try String.fetchOne(
      db, sql: "SELECT sha256 FROM shard WHERE unit = ?", arguments: [entry.unit])
    if let known, known != entry.sha256 { throw contradiction(entry, "other content") }
    return known != nil
  }

  /// Takes a shard and its images' rows out; its unit is ready again.
  func forget(_ unit: Int) throws(InputError) {
    try write { db in
      try db.execute(sql: "DELETE FROM mark")
      try db.execute(
        sql: "DELETE FROM file WHERE image IN (SELECT id FROM image WHERE unit = ?)",
        arguments: [unit])
      try db.execute(sql: "DELETE FROM location WHERE shard = ?", arguments: [unit])
      try db.execute(
        sql: "DELETE FROM location WHERE image IN (SELECT id FROM image WHERE unit = ?)",
        arguments: [unit])
      try db.execute(sql: "DELETE FROM shard WHERE unit = ?", arguments: [unit])
      try db.execute(
        sql: """
          UPDATE unit SET state = 'ready', owner = NULL, silence = NULL, attempts = 0, alone = 0,
            deaths = 0
          WHERE id = ?
          """, arguments: [unit])
    }
  }

  /// Enters a shard and its images' rows; its unit is done.
  ///
  /// - Parameter locations: of the images that count as this shard's.
  static func finish(
    _ entry: ShardEntry, holding locations: [ImageLocation], in db: Database
  ) throws {
    try db.execute(sql: "DELETE FROM mark")
    try db.execute(
      sql: """
        UPDATE unit SET state = 'done', owner = NULL, silence = NULL, beat = 0, token = 0,
          attempts = 0, alone = 0, deaths = 0
        WHERE id = ?
        """, arguments: [entry.unit])
    try insert(entry, holding: locations, in: db)
  }

  private static func insert(
    _ entry: ShardEntry, holding locations: [ImageLocation], in db: Database
  ) throws {
    try db.execute(
      sql: """
        INSERT INTO shard (unit, file, bytes, sha256, blocks, images, regions)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        entry.unit, CacheFolder.shardName(entry.unit), entry.bytes, entry.sha256, entry.blocks,
        entry.locations.count, entry.regions,
      ])
    let statement = try db.makeStatement(
      sql: """
        INSERT INTO location
          (image, shard, block, first_row, row_count, width, height, status, error, content, regions)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    for location in locations {
      let row = location.row
      try statement.execute(arguments: [
        row.imageID, location.shard, location.block, row.firstRow, row.rows, row.width, row.height,
        row.status.rawValue, row.error, row.content, location.regions,
      ])
    }
  }

  func contradiction(_ entry: ShardEntry, _ what: String) -> InputError {
    InputError(
      .badData, "shard \(entry.unit) is in the catalogue with \(what)", at: path,
      hint: "'vild cache repair' finds out which is right")
  }

  /// Where `image` is; nil where the cache does not hold it (yet).
  func location(of image: Int) throws(InputError) -> ImageLocation? {
    try read { db in
      let query = try db.cachedStatement(sql: "SELECT * FROM location WHERE image = ?")
      return try Row.fetchOne(query, arguments: [image]).map(Self.location)
    }
  }

  /// The locations of a shard's images in the order in which they stand there.
  func locations(in shard: Int) throws(InputError) -> [ImageLocation] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT location.* FROM location JOIN image ON image.id = location.image
          WHERE shard = ? ORDER BY position
          """, arguments: [shard]
      ).map(Self.location)
    }
  }

  private static func location(_ row: Row) throws -> ImageLocation {
    guard let status = ImageStatus(rawValue: row["status"]) else {
      throw InputError(.badData, "unknown status \(row["status"] as String)")
    }
    return ImageLocation(
      shard: row["shard"], block: row["block"],
      row: ImageRow(
        imageID: row["image"], firstRow: row["first_row"], rows: row["row_count"], status: status,
        width: row["width"], height: row["height"], error: row["error"],
        content: row["content"]), regions: row["regions"])
  }

  /// A published shard as the catalogue knows it.
  struct ShardRow: Sendable {
    var unit: Int
    var bytes: Int
    var sha256: String
    /// In the file; some may count as those of other shards.
    var images: Int
    var regions: Int
  }

  /// The published shards, ascending.
  func shards() throws(InputError) -> [ShardRow] {
    try read { db in
      try Row.fetchAll(
        db, sql: "SELECT unit, bytes, sha256, images, regions FROM shard ORDER BY unit"
      ).map {
        ShardRow(unit: $0[0], bytes: $0[1], sha256: $0[2], images: $0[3], regions: $0[4])
      }
    }
  }
}
