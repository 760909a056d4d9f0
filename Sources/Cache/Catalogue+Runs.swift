internal import Foundation
internal import GRDB
internal import Support

extension Catalogue {
  /// Notes that a run of the program began.
  func beginRun(owner: Owner, arguments: [String]) throws(InputError) -> Int64 {
    try write { db in
      try db.execute(
        sql: "INSERT INTO run (started, owner, arguments) VALUES (?, ?, ?)",
        arguments: [
          Date().timeIntervalSince1970, owner.name, JSONValue(encoding: arguments).canonical,
        ])
      return db.lastInsertedRowID
    }
  }

  /// Notes that it ended in good order, with figures worth keeping.
  func endRun(_ run: Int64, statistics: [String: Double]) throws(InputError) {
    try write { db in
      try db.execute(
        sql: "UPDATE run SET finished = ?, statistics = ? WHERE id = ?",
        arguments: [
          Date().timeIntervalSince1970, JSONValue(encoding: statistics).canonical, run,
        ])
    }
  }

  /// How far the cache is.
  func progress() throws(InputError) -> CacheProgress {
    try read { db in
      var progress = CacheProgress(
        total: try Int.fetchOne(db, sql: "SELECT count(*) FROM image") ?? 0, byStatus: [:],
        regions: 0)
      let rows = try Row.fetchAll(
        db, sql: "SELECT status, count(*), sum(row_count) FROM location GROUP BY status")
      for row in rows {
        progress.regions += row[2]
        if let status = ImageStatus(rawValue: row[0]) { progress.byStatus[status] = row[1] }
      }
      return progress
    }
  }
}
