internal import GRDB
internal import Support

extension Catalogue {
  /// What SQLite finds wrong with the file, and the rows that contradict each other.
  func contradictions() throws(InputError) -> [String] {
    try read { db in
      let damage = try String.fetchAll(db, sql: "PRAGMA quick_check").filter { $0 != "ok" }
      if !damage.isEmpty { return damage }
      return try String.fetchAll(
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
