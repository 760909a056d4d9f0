internal import GRDB
internal import Support

/// The work queue.
extension Catalogue {
  /// Queues the images that are not in the catalogue yet, `size` a unit, in their order.
  ///
  /// Numbers are the smallest free ones. Units are whole but for the last, so the queue comes out
  /// the same after a rebuild from any subset of its shards.
  func enqueue(_ imageIDs: [Int], size: Int) throws(InputError) {
    precondition(size > 0)
    try write { db in
      let isKnown = try db.makeStatement(sql: "SELECT 1 FROM image WHERE id = ?")
      let new = try imageIDs.filter { try Int.fetchOne(isKnown, arguments: [$0]) == nil }
      if new.isEmpty { return }
      let taken = Set(try Int.fetchAll(db, sql: "SELECT id FROM unit"))
      var free = (0...).lazy.filter { !taken.contains($0) }.makeIterator()
      for start in stride(from: 0, to: new.count, by: size) {
        guard let unit = free.next() else { preconditionFailure("numbers do not end") }
        try Self.insert(unit, images: Array(new[start..<min(start + size, new.count)]), in: db)
      }
    }
  }

  /// Adds a unit that is ready to be leased.
  static func insert(_ unit: Int, images: [Int], in db: Database) throws {
    try db.execute(sql: "INSERT INTO unit (id) VALUES (?)", arguments: [unit])
    let statement = try db.makeStatement(
      sql: "INSERT INTO image (id, unit, position) VALUES (?, ?, ?)")
    for (position, image) in images.enumerated() {
      try statement.execute(arguments: [image, unit, position])
    }
  }

  /// The images of a unit in their order; empty where there is no such unit.
  static func images(of unit: Int, in db: Database) throws -> [Int] {
    try Int.fetchAll(
      db, sql: "SELECT id FROM image WHERE unit = ? ORDER BY position", arguments: [unit])
  }

  /// The unit that an image is of; nil of one that the cache is not to hold.
  func unit(of image: Int) throws(InputError) -> Int? {
    try read {
      try Int.fetchOne($0, sql: "SELECT unit FROM image WHERE id = ?", arguments: [image])
    }
  }

  static func hasUnit(_ number: Int, in db: Database) throws -> Bool {
    try Int.fetchOne(db, sql: "SELECT 1 FROM unit WHERE id = ?", arguments: [number]) != nil
  }

  /// A number that no unit has.
  static func freeNumber(in db: Database) throws -> Int {
    try Int.fetchOne(db, sql: "SELECT ifnull(max(id) + 1, 0) FROM unit") ?? 0
  }

  /// Leases a unit that is ready, those first that were tried least.
  ///
  /// A unit whose holders died or hung twice is cut into units of one image. An image of such a
  /// unit that costs another holder is tried alone in its process from then on; when that ends the
  /// process twice in a row, the unit comes out with `isHopeless`.
  func lease(to owner: Owner, seconds: Double) throws(InputError) -> WorkUnit? {
    try write { db in
      try self.takeBackVoidLeases(in: db)
      let held = try Int.fetchAll(
        db, sql: "SELECT alone FROM unit WHERE state = 'leased' AND owner = ?",
        arguments: [owner.name])
      if held.contains(1) { return nil }
      let next = try Row.fetchOne(
        db,
        sql: """
          SELECT id, attempts, deaths FROM unit WHERE state = 'ready' ORDER BY attempts, id LIMIT 1
          """)
      guard let next else { return nil }
      var (id, attempts, deaths): (Int, Int, Int) = (next[0], next[1], next[2])
      var images = try Self.images(of: id, in: db)
      if attempts >= WorkUnit.tries && images.count > 1 {
        (id, attempts, deaths) = (try Self.cut(id, images: images, in: db), 0, 0)
        images = [images[0]]
      }
      let isAlone = attempts > 0 && images.count == 1
      if isAlone && !held.isEmpty { return nil }
      let token = try Int.fetchOne(
        db,
        sql: """
          UPDATE unit SET state = 'leased', owner = ?, silence = ?, beat = beat + 1,
            token = token + 1, attempts = attempts + 1, alone = ?
          WHERE id = ? RETURNING token
          """, arguments: [owner.name, min(seconds, LeaseClock.longestLease), isAlone ? 1 : 0, id])
      return WorkUnit(
        id: id, imageIDs: images, attempt: attempts + 1, isHopeless: deaths >= WorkUnit.tries,
        token: token!)
    }
  }

  /// Makes ready what is leased to processes that are gone, or that have been silent for too long.
  /// Whoever was alone with a unit counts as a death of it.
  private func takeBackVoidLeases(in db: Database) throws {
    let leases = try Row.fetchAll(
      db, sql: "SELECT id, owner, silence, token, beat FROM unit WHERE state = 'leased'"
    ).map { row in
      LeaseWatch.Lease(
        unit: row[0], owner: row[1], silence: row[2], token: row[3], beat: row[4])
    }
    for unit in watch.void(leases, clock) {
      try db.execute(
        sql: """
          UPDATE unit SET state = 'ready', owner = NULL, silence = NULL, deaths = deaths + alone,
            alone = 0
          WHERE id = ?
          """, arguments: [unit])
    }
  }

  /// Puts every image of a unit into a unit of its own; returns the first one's number. The old
  /// number is given up, so that nobody who still holds it can publish.
  private static func cut(_ unit: Int, images: [Int], in db: Database) throws -> Int {
    let first = try freeNumber(in: db)
    for (offset, image) in images.enumerated() {
      try db.execute(sql: "INSERT INTO unit (id) VALUES (?)", arguments: [first + offset])
      try db.execute(
        sql: "UPDATE image SET unit = ?, position = 0 WHERE id = ?",
        arguments: [first + offset, image])
    }
    try db.execute(sql: "DELETE FROM unit WHERE id = ?", arguments: [unit])
    return first
  }

  /// Says that the holder of a lease is alive.
  ///
  /// - Throws: `InputError` (`tryAgain`) where somebody else holds the unit by now.
  func extend(_ unit: WorkUnit, owner: Owner) throws(InputError) {
    try write { db in try self.beat(unit, owner: owner, in: db) }
  }

  func beat(_ unit: WorkUnit, owner: Owner, in db: Database) throws {
    try db.execute(
      sql: "UPDATE unit SET beat = beat + 1 WHERE id = ? AND owner = ? AND token = ?",
      arguments: [unit.id, owner.name, unit.token])
    if db.changesCount == 0 { throw lost(unit) }
  }

  /// Gives a unit back; nothing happens where it is somebody else's by now.
  func release(_ unit: WorkUnit, owner: Owner) throws(InputError) {
    try write { db in
      try db.execute(
        sql: """
          UPDATE unit SET state = 'ready', owner = NULL, silence = NULL, attempts = attempts - 1,
            alone = 0, deaths = 0
          WHERE id = ? AND owner = ? AND token = ?
          """, arguments: [unit.id, owner.name, unit.token])
    }
  }

  func lost(_ unit: WorkUnit) -> InputError {
    InputError(
      .tryAgain, "the lease of unit \(unit.id) ran out and another worker took over", at: path)
  }
}
