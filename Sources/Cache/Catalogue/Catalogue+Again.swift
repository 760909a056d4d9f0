internal import GRDB
internal import Support

/// Images that are to be embedded again.
extension Catalogue {
  /// The images that failed, ascending. O(images).
  func failures() throws(InputError) -> [ImageFailure] {
    try requireSound()
    return try read { db in
      var failures: [ImageFailure] = []
      try Self.forEachLocation(in: db) { location in
        guard let error = location.row.error else { return }
        failures.append(
          ImageFailure(imageID: location.row.imageID, status: location.row.status, error: error))
      }
      return failures
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
      var sources: Set<Int> = []
      let done = try images.filter { image in
        guard let shard = try Self.location(of: image, in: db)?.shard else { return false }
        sources.insert(shard)
        return true
      }
      if done.isEmpty { return }
      try Self.dropSummary(in: db)
      let others = done.filter { !suspects.contains($0) }
      var units: [(images: [Int], attempts: Int)] =
        stride(from: 0, to: others.count, by: size).map {
          (images: Array(others[$0..<min($0 + size, others.count)]), attempts: 0)
        }
      for image in done where suspects.contains(image) { units.append(([image], 1)) }
      let first = try Self.freeNumber(in: db)
      for (offset, unit) in units.enumerated() {
        try UnitRow(id: first + offset, attempts: unit.attempts).insert(in: db)
        for (position, image) in unit.images.enumerated() {
          try db.execute(sql: "DELETE FROM location WHERE image = ?", arguments: [image])
          try db.execute(sql: "DELETE FROM file WHERE image = ?", arguments: [image])
          try db.put([image, first + offset, position], into: .image)
        }
      }
      for unit in sources.sorted() where try Self.removeIfEmpty(unit, in: db) { removing(unit) }
    }
  }
}
