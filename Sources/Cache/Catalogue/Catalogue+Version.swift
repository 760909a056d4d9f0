internal import GRDB
internal import Support

/// Catalogues that an older program wrote.
extension Catalogue {
  /// 0 before anything was written.
  static func version(_ db: Database) throws -> Int {
    let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    guard version >= 0 else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "version \(version)")
    }
    return version
  }

  /// `stored`, or a copy in memory of the present version.
  static func upToDate(
    _ stored: DatabaseQueue, _ path: String
  ) throws(InputError) -> DatabaseQueue {
    let version = try translating(path) { try stored.read { try Self.version($0) } }
    if version == 0 { throw damaged(path, got: "an empty database") }
    if version == migrations.count { return stored }
    guard version < migrations.count else { throw unknownVersion(version, at: path) }
    let copy = try translating(path) {
      let copy = try DatabaseQueue(configuration: configuration(busySeconds: 60, path: nil))
      try stored.backup(to: copy)
      let found = try copy.read { try String.fetchAll($0, sql: "PRAGMA quick_check(1)") }
      if found != ["ok"] { throw damaged(path, got: found.first) }
      return copy
    }
    try migrate(copy, path)
    return copy
  }

  /// One step at a time, each a transaction. Tables that others refer to are made anew, so the
  /// references are checked at the end of a step instead of during it.
  static func migrate(_ queue: DatabaseQueue, _ path: String) throws(InputError) {
    while true {
      let version = try translating(path) {
        try queue.writeWithoutTransaction { db in
          if try Self.version(db) >= migrations.count { return try Self.version(db) }
          try db.execute(sql: "PRAGMA foreign_keys = OFF")
          defer { try? db.execute(sql: "PRAGMA foreign_keys = ON") }
          var version = 0
          try db.inTransaction(.immediate) {
            version = try Self.version(db)
            if version < migrations.count {
              try db.execute(sql: migrations[version])
              try db.checkForeignKeys()
              try db.execute(sql: "PRAGMA user_version = \(version + 1)")
            }
            return .commit
          }
          return version
        }
      }
      guard version <= migrations.count else { throw unknownVersion(version, at: path) }
      if version == migrations.count { return }
    }
  }
}
