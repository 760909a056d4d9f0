internal import GRDB
internal import Support

/// Images that are to be embedded again.
extension Catalogue {
  /// How an image failed.
  func failures() throws(InputError) -> [ImageFailure] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: "SELECT image, status, error FROM location WHERE error IS NOT NULL ORDER BY image"
      ).compactMap { row in
        ImageStatus(rawValue: row[1]).map {
          ImageFailure(imageID: row[0], status: $0, error: row[2])
        }
      }
    }
  }

  /// Takes the rows of some images out and queues these in units of higher numbers than all others,
  /// so that what comes of it counts. Images that have no row are queued already.
  ///
  /// - Parameters:
  ///   - size: images a unit, at least 1.
  ///   - suspects: those that ended their workers; each is worked on alone.
  ///   - removing: told of the shards that hold nothing any more, before it is settled that they go.
  func queueAgain(
    _ images: [Int], size: Int, suspects: Set<Int>, removing: (_ shard: Int) -> Void
  ) throws(InputError) {
    try write { db in
      let shardOf = try db.makeStatement(sql: "SELECT shard FROM location WHERE image = ?")
      var sources: Set<Int> = []
      let done = try images.filter { image in
        guard let shard = try Int.fetchOne(shardOf, arguments: [image]) else { return false }
        sources.insert(shard)
        return true
      }
      if done.isEmpty { return }
      try db.execute(sql: "DELETE FROM mark")
      let others = done.filter { !suspects.contains($0) }
      var units: [(images: [Int], attempts: Int)] =
        stride(from: 0, to: others.count, by: size).map {
          (images: Array(others[$0..<min($0 + size, others.count)]), attempts: 0)
        }
      for image in done where suspects.contains(image) { units.append(([image], 1)) }
      let first = try Self.freeNumber(in: db)
      for (offset, unit) in units.enumerated() {
        try db.execute(
          sql: "INSERT INTO unit (id, attempts) VALUES (?, ?)",
          arguments: [first + offset, unit.attempts])
        for (position, image) in unit.images.enumerated() {
          try db.execute(sql: "DELETE FROM location WHERE image = ?", arguments: [image])
          try db.execute(sql: "DELETE FROM file WHERE image = ?", arguments: [image])
          try db.execute(
            sql: "UPDATE image SET unit = ?, position = ? WHERE id = ?",
            arguments: [first + offset, position, image])
        }
      }
      for unit in sources.sorted() where try Self.removeIfEmpty(unit, in: db) { removing(unit) }
    }
  }
}
