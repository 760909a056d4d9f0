internal import GRDB
internal import Support
internal import Synchronization

extension Catalogue {
  /// Whether `error`, met when opening, means that the shards know better than the catalogue: it
  /// is lost, damaged or another cache's, not one that a newer program wrote.
  static func canBeRebuilt(after error: InputError) -> Bool {
    (error.kind == .missingInput || error.kind == .badData) && error.what != otherVersion
  }

  static let otherVersion = "the catalogue is of another version"

  /// The units that `contradictions` names rows of.
  func contradictoryUnits() throws(InputError) -> [Int] {
    try read { db in
      try Int.fetchAll(
        db,
        sql: """
          SELECT unit.id FROM unit LEFT JOIN shard ON shard.unit = unit.id
          WHERE (state = 'done') <> (shard.unit IS NOT NULL)
          UNION
          SELECT image.unit FROM image JOIN shard ON shard.unit = image.unit
          LEFT JOIN location ON location.image = image.id
          WHERE location.shard IS NOT image.unit
          UNION
          SELECT shard FROM location JOIN image ON image.id = location.image
          WHERE image.unit <> shard
          """)
    }
  }

  /// What is wrong with the file, twenty lines at most: what SQLite finds in its pages and indices, or
  /// rows that do not have their checksum. O(images).
  func damage() throws(InputError) -> [String] {
    let found = try read { try String.fetchAll($0, sql: "PRAGMA integrity_check(20)") }
    if found != ["ok"] { return found }
    if try !read({ DatabaseHeader($0)?.hasLogFormat ?? false }) {
      return ["its header has changed"]
    }
    if try read(Self.schema) != Self.expectedSchema() {
      return ["its tables are not those of version \(Self.migrations.count)"]
    }
    return try read { db in
      var damaged: [String] = []
      for table in CheckedTable.allCases {
        let rows = try Row.fetchCursor(db, sql: "SELECT * FROM \(table.rawValue)")
        while damaged.count < 20, let row = try rows.next() {
          do {
            _ = try CheckedRow(row, of: table)
          } catch let damage as DamagedRow {
            damaged.append(damage.description)
          }
        }
      }
      return damaged
    }
  }

  /// The texts of tables and indices.
  private static func schema(_ db: Database) throws -> Set<String> {
    Set(try String.fetchAll(db, sql: "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"))
  }

  private static func expectedSchema() throws(InputError) -> Set<String> {
    let empty = try translating("") {
      try DatabaseQueue(configuration: configuration(busySeconds: 0, path: nil))
    }
    try migrate(empty, "")
    return try translating("") { try empty.read(schema) }
  }

  /// Whether the summary and the list of usable images, where there are any, are those of the rows.
  /// O(images).
  func hasRightList() throws(InputError) -> Bool {
    try read { db in
      guard let summary = try Self.summary(in: db) else { return true }
      let images = try Self.usableImages(in: db)
      return try images.count == summary.usable && Self.manifest(in: db) == summary.manifest
        && Self.listedImages(in: db) == images
    }
  }

  /// Takes the list out; whoever ends the work on the cache writes it anew.
  func dropList() throws(InputError) { try write { try Self.dropSummary(in: $0) } }

  /// Looks at the pages once, so that no row is missed for a page that cannot be reached.
  ///
  /// - Throws: `InputError` (`badData`) with the first thing that SQLite finds.
  func requireSound() throws(InputError) {
    if isKnownSound.withLock(\.self) { return }
    let found = try read { try String.fetchAll($0, sql: "PRAGMA quick_check(1)") }
    if found != ["ok"] { throw Self.damaged(path, got: found.first) }
    isKnownSound.withLock { $0 = true }
  }

  /// The rows that contradict each other.
  func contradictions() throws(InputError) -> [String] {
    let list = try hasRightList() ? [] : ["its list of usable images is not that of its rows"]
    let rows = try read { db in
      try String.fetchAll(
        db,
        sql: """
          SELECT 'unit ' || unit.id || ' is ' || state || ', yet '
            || CASE WHEN shard.unit IS NULL THEN 'has no shard' ELSE 'has one' END
          FROM unit LEFT JOIN shard ON shard.unit = unit.id
          WHERE (state = 'done') <> (shard.unit IS NOT NULL)
          UNION ALL
          SELECT 'image ' || image.id || ' of shard ' || image.unit || ' has no row there'
          FROM image JOIN shard ON shard.unit = image.unit
          LEFT JOIN location ON location.image = image.id
          WHERE location.shard IS NOT image.unit
          """)
    }
    return list + rows
  }
}
