internal import Foundation
internal import GRDB
internal import Support

/// One use of the cache by a writing process, as the catalogue has it.
struct RunRow {
  let id: Int
  /// Unix seconds.
  let started: Double
  var finished: Double?
  let owner: String
  /// JSON.
  let arguments: String
  var images = 0
  var regions = 0
  /// JSON.
  var statistics: String?

  init(id: Int, started: Double, owner: String, arguments: String) {
    (self.id, self.started, self.owner, self.arguments) = (id, started, owner, arguments)
  }

  init(_ row: CheckedRow) throws {
    var row = row
    id = try row.take()
    started = try row.take()
    finished = try row.take()
    owner = try row.take()
    arguments = try row.take()
    images = try row.take()
    regions = try row.take()
    statistics = try row.take()
  }

  static func fetch(_ id: Int, in db: Database) throws -> RunRow? {
    try db.checkedRow(.run, key: id).map(RunRow.init)
  }

  /// Writes it over what is there.
  func store(in db: Database) throws {
    try db.put(
      [id, started, finished, owner, arguments, images, regions, statistics], into: .run)
  }
}

extension Catalogue {
  /// Notes that a run of the program began.
  func beginRun(owner: Owner, arguments: [String]) throws(InputError) -> Int {
    try write { db in
      let id = try Int.fetchOne(db, sql: "SELECT ifnull(max(id) + 1, 1) FROM run") ?? 1
      try RunRow(
        id: id, started: Date().timeIntervalSince1970, owner: owner.name,
        arguments: JSONValue(encoding: arguments).canonical
      ).store(in: db)
      return id
    }
  }

  /// Notes that it ended in good order, with figures worth keeping.
  func endRun(_ run: Int, statistics: [String: Double]) throws(InputError) {
    try write { db in
      guard var row = try RunRow.fetch(run, in: db) else { return }
      row.finished = Date().timeIntervalSince1970
      row.statistics = JSONValue(encoding: statistics).canonical
      try row.store(in: db)
    }
  }

  /// How far the cache is, by counting; the rows that count are not checked one by one.
  func progress() throws(InputError) -> CacheProgress {
    try requireSound()
    return try read { db in
      var progress = CacheProgress(
        total: try Int.fetchOne(db, sql: "SELECT count(*) FROM image") ?? 0, byStatus: [:],
        regions: 0)
      let rows = try Row.fetchAll(
        db,
        sql: "SELECT status, count(*), sum(row_count), min(image) FROM location GROUP BY status")
      for row in rows {
        let name = try row.decode(String.self, atIndex: 0)
        guard let status = ImageStatus(rawValue: name) else {
          throw DamagedRow(table: .location, key: try row.decode(atIndex: 3))
        }
        progress.byStatus[status] = try row.decode(Int.self, atIndex: 1)
        progress.regions += try row.decode(Int.self, atIndex: 2)
      }
      return progress
    }
  }
}
