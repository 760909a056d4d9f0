internal import Foundation
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

  /// Leases the first unit that is ready, whose lease ran out or whose holder is gone.
  func lease(to owner: Owner, seconds: Double) throws(InputError) -> WorkUnit? {
    let now = Date().timeIntervalSince1970
    return try write { db in
      let holders = try String.fetchAll(
        db, sql: "SELECT DISTINCT owner FROM unit WHERE state <> 'done' AND state = 'leased'")
      for holder in holders where Owner(name: holder)?.isGone == true {
        try db.execute(
          sql: """
            UPDATE unit SET state = 'ready', owner = NULL, expires = NULL
            WHERE state = 'leased' AND owner = ?
            """, arguments: [holder])
      }
      let row = try Row.fetchOne(
        db,
        sql: """
          UPDATE unit SET state = 'leased', owner = ?, expires = ?, token = token + 1,
            attempts = attempts + 1
          WHERE id = (
            SELECT id FROM unit WHERE state <> 'done'
              AND (state = 'ready' OR (state = 'leased' AND expires <= ?))
            ORDER BY id LIMIT 1)
          RETURNING id, token, attempts
          """, arguments: [owner.name, now + seconds, now])
      guard let row else { return nil }
      return WorkUnit(
        id: row[0], imageIDs: try Self.images(of: row[0], in: db), attempt: row[2], token: row[1])
    }
  }

  /// Moves the end of a lease.
  ///
  /// - Throws: `InputError` (`tryAgain`) where somebody else holds the unit by now.
  func extend(_ unit: WorkUnit, owner: Owner, seconds: Double) throws(InputError) {
    try write { db in
      try db.execute(
        sql: "UPDATE unit SET expires = ? WHERE id = ? AND owner = ? AND token = ?",
        arguments: [Date().timeIntervalSince1970 + seconds, unit.id, owner.name, unit.token])
      if db.changesCount == 0 { throw self.lost(unit) }
    }
  }

  /// Gives a unit back; nothing happens where it is somebody else's by now.
  func release(_ unit: WorkUnit, owner: Owner) throws(InputError) {
    try write { db in
      try db.execute(
        sql: """
          UPDATE unit SET state = 'ready', owner = NULL, expires = NULL, attempts = attempts - 1
          WHERE id = ? AND owner = ? AND token = ?
          """, arguments: [unit.id, owner.name, unit.token])
    }
  }

  func lost(_ unit: WorkUnit) -> InputError {
    InputError(
      .tryAgain, "the lease of unit \(unit.id) ran out and another worker took over", at: path)
  }
}

extension Catalogue {
  /// Who holds units with leases that have not run out and is not known to be gone.
  func liveHolders() throws(InputError) -> [String] {
    let now = Date().timeIntervalSince1970
    return try read { db in
      try String.fetchAll(
        db, sql: "SELECT DISTINCT owner FROM unit WHERE state = 'leased' AND expires > ?",
        arguments: [now])
    }.filter { Owner(name: $0)?.isGone != true }
  }
}
