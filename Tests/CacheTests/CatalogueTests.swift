import Cache
import Foundation
import GRDB
import Support
import TestSupport
import Testing

@Suite struct CatalogueTests {
  /// Every row of the tables that are rebuilt from the shards, as text.
  private func rows(_ place: CacheFolder) throws -> [String] {
    let queue = try DatabaseQueue(path: place.catalogue)
    defer { try? queue.close() }
    return try queue.read { db in
      try ["recipe", "unit", "image", "shard", "location"].flatMap { table in
        try Row.fetchAll(db, sql: "SELECT * FROM \(table) ORDER BY 1").map { "\(table): \($0)" }
      }
    }
  }

  private func schema(_ queue: DatabaseQueue) throws -> [String: String] {
    try queue.read { db in
      let rows = try Row.fetchAll(
        db, sql: "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
      return Dictionary(
        uniqueKeysWithValues: rows.map { row in
          let lines = (row["sql"] as String).split(separator: "\n").map {
            $0.split(separator: "--", omittingEmptySubsequences: false)[0]
              .trimmingCharacters(in: .whitespaces)
          }
          return (row["name"], lines.filter { !$0.isEmpty }.joined(separator: " "))
        })
    }
  }

  @Test func theDocumentIsTheSchema() throws {
    try withTemporaryFolder { root in
      try fill(root, sampleRecords(3), unitSize: 3)
      let created = try DatabaseQueue(
        path: CacheFolder(root: root, recipe: sampleRecipe()).catalogue)
      let documented = try DatabaseQueue()
      let text = String(
        decoding: try Files.read(fixture("../../schemas/catalogue.sql")), as: UTF8.self)
      try documented.writeWithoutTransaction { try $0.execute(sql: text) }
      #expect(try schema(created) == schema(documented))
      let version = try created.read { try Int.fetchOne($0, sql: "PRAGMA user_version") }
      #expect(version == 5)
      let mode = try created.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") }
      #expect(mode == "wal")
    }
  }

  @Test func aNewerCatalogueIsRefused() throws {
    try withTemporaryFolder { root in
      let records = sampleRecords(3)
      try fill(root, records, unitSize: 3)
      let place = CacheFolder(root: root, recipe: sampleRecipe())
      try DatabaseQueue(path: place.catalogue).writeWithoutTransaction {
        try $0.execute(sql: "PRAGMA user_version = 6")
      }
      for attempt in [
        { _ = try CacheReader(folder: root, recipe: sampleRecipe()) },
        { try fill(root, records, unitSize: 3) },
      ] {
        let error = #expect(throws: InputError.self) { try attempt() }
        #expect(error?.description.contains("expected version 5, got version 6") == true)
      }
    }
  }

  @Test func deletedAndRebuiltRowForRow() throws {
    try withTemporaryFolder { root in
      let records = sampleRecords(50)
      try fill(root, records, unitSize: 8)
      let place = CacheFolder(root: root, recipe: sampleRecipe())
      let before = try rows(place)
      #expect(before.count == 1 + 7 + 50 + 7 + 50)
      let hash = try CacheReader(folder: root, recipe: sampleRecipe()).contentHash()

      try FileManager.default.removeItem(atPath: place.catalogue)
      #expect(throws: InputError.self) { try CacheReader(folder: root, recipe: sampleRecipe()) }
      try RegionCache.reindex(place)
      #expect(try rows(place) == before)
      // A catalogue that is no database any more, and one that nobody deleted.
      try Data("nonsense, and long enough to be looked at".utf8)
        .write(to: URL(filePath: place.catalogue))
      let error = #expect(throws: InputError.self) {
        try CacheReader(folder: root, recipe: sampleRecipe())
      }
      #expect(error?.description.contains("reindex") == true)
      try RegionCache.reindex(place)
      try RegionCache.reindex(place)
      #expect(try rows(place) == before)
      #expect(try CacheReader(folder: root, recipe: sampleRecipe()).contentHash() == hash)
      #expect(try RegionCache.verify(place, .full).isEmpty)
    }
  }

  /// Shards 1 and 3 of 7 are there, the catalogue is not: the queue comes out as it was.
  @Test func aPartialCacheIsQueuedAgainUnderTheSameNumbers() throws {
    try withTemporaryFolder { root in
      let records = sampleRecords(50)
      let ids = records.map(\.imageID)
      try fill(root, records, unitSize: 8)
      let place = CacheFolder(root: root, recipe: sampleRecipe())
      let complete = try rows(place)
      for shard in [0, 2, 4, 5, 6] {
        try FileManager.default.removeItem(atPath: place.shard(shard))
      }
      try RegionCache.reindex(place)
      let cache = try RegionCache.open(
        folder: root, recipe: sampleRecipe(), imageIDs: ids, unitSize: 8)
      #expect(try cache.progress().done == 16)
      #expect(try cache.progress().total == 50)
      try cache.close()
      try fill(root, records, unitSize: 8)
      #expect(try rows(place) == complete)
    }
  }

  @Test func pythonReadsTheCatalogue() throws {
    try withTemporaryFolder { root in
      try fill(root, sampleRecords(10), unitSize: 4)
      let place = CacheFolder(root: root, recipe: sampleRecipe())
      let script = """
        import sqlite3, sys
        db = sqlite3.connect(sys.argv[1])
        print(db.execute("SELECT count(*), sum(row_count) FROM location").fetchone(),
              db.execute("PRAGMA integrity_check").fetchone()[0])
        """
      if let result = try run("python3", ["-c", script, place.catalogue]) {
        #expect(result.code == 0)
        #expect(result.output.hasSuffix("ok\n"), "\(result.output)")
        #expect(result.output.hasPrefix("(10, "))
      }
    }
  }
}
