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
    for block in 0..<blocks {
      for row in try shard.imageRows(block) {
        locations.append(ImageLocation(shard: unit, block: block, row: row))
      }
    }
  }
}

/// Where an image's regions are.
struct ImageLocation: Equatable, Sendable {
  var shard: Int
  var block: Int
  var row: ImageRow
}

extension Catalogue {
  /// Publishes a shard that lies at its place: its row, its images' rows, its unit done.
  ///
  /// - Parameter holder: who must still hold the unit; nil adopts the shard whoever wrote it.
  /// - Throws: `InputError` (`tryAgain` for a lost lease, `badData` where the catalogue knows the
  ///   unit with other content).
  func publish(
    _ entry: ShardEntry, holder: (unit: WorkUnit, owner: Owner, run: Int64)?
  ) throws(InputError) {
    try write { db in
      let known = try String.fetchOne(
        db, sql: "SELECT sha256 FROM shard WHERE unit = ?", arguments: [entry.unit])
      if let known {
        guard known == entry.sha256 else { throw self.contradiction(entry, "other content") }
        return
      }
      if let holder {
        try db.execute(
          sql: "UPDATE unit SET expires = expires WHERE id = ? AND owner = ? AND token = ?",
          arguments: [entry.unit, holder.owner.name, holder.unit.token])
        if db.changesCount == 0 { throw self.lost(holder.unit) }
      }
      let images = try Self.images(of: entry.unit, in: db)
      if images.isEmpty {
        try Self.insert(entry.unit, images: entry.images, in: db)
      } else if images != entry.images {
        throw self.contradiction(entry, "other images")
      }
      try db.execute(
        sql: """
          UPDATE unit SET state = 'done', owner = NULL, expires = NULL, token = 0, attempts = 0
          WHERE id = ?
          """, arguments: [entry.unit])
      try Self.insert(entry, in: db)
      if let holder {
        try db.execute(
          sql: "UPDATE run SET images = images + ?, regions = regions + ? WHERE id = ?",
          arguments: [entry.locations.count, entry.regions, holder.run])
      }
    }
  }

  private static func insert(_ entry: ShardEntry, in db: Database) throws {
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
          (image, shard, block, first_row, row_count, width, height, status, error)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    for location in entry.locations {
      let row = location.row
      try statement.execute(arguments: [
        row.imageID, location.shard, location.block, row.firstRow, row.rows, row.width, row.height,
        row.status.rawValue, row.error,
      ])
    }
  }

  private func contradiction(_ entry: ShardEntry, _ what: String) -> InputError {
    InputError(
      .badData, "shard \(entry.unit) is in the catalogue with \(what)", at: path,
      hint: "find out which is right; verify lists every difference")
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
        width: row["width"], height: row["height"], error: row["error"]))
  }

  /// A published shard as the catalogue knows it.
  struct ShardRow: Sendable {
    var unit: Int
    var bytes: Int
    var sha256: String
  }

  /// The published shards, ascending.
  func shards() throws(InputError) -> [ShardRow] {
    try read { db in
      try Row.fetchAll(db, sql: "SELECT unit, bytes, sha256 FROM shard ORDER BY unit").map {
        ShardRow(unit: $0[0], bytes: $0[1], sha256: $0[2])
      }
    }
  }
}

extension Catalogue {
  /// The images that have a row, ascending; without those that could not be used, if asked.
  func finishedImages(usableOnly: Bool = false) throws(InputError) -> [Int] {
    if usableOnly {
      let usable = ImageStatus.allCases.filter { !$0.isFailure }.map { "'\($0.rawValue)'" }
      let list = usable.joined(separator: ", ")
      return try read {
        try Int.fetchAll(
          $0, sql: "SELECT image FROM location WHERE status IN (\(list)) ORDER BY image")
      }
    }
    return try read { try Int.fetchAll($0, sql: "SELECT image FROM location ORDER BY image") }
  }
}
