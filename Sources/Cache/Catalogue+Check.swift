internal import GRDB
internal import Support

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

  /// What SQLite finds wrong with the file.
  func damage() throws(InputError) -> [String] {
    try read { try String.fetchAll($0, sql: "PRAGMA quick_check").filter { $0 != "ok" } }
  }

  /// What SQLite finds wrong with the file, or the rows that contradict each other.
  func contradictions() throws(InputError) -> [String] {
    let damage = try damage()
    if !damage.isEmpty { return damage }
    return try read { db in
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
  }
}
