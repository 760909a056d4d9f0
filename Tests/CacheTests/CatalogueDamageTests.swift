import Cache
import Foundation
import GRDB
import Support
import TestSupport
import Testing

/// A catalogue that lost bytes, or whose pages SQLite takes for sound though a byte in them changed.
@Suite struct CatalogueDamageTests {
  private let records = sampleRecords(40)

  /// A complete cache of ten shards, and its catalogue's bytes.
  private func withCache(_ body: (CacheFolder, Data) throws -> Void) throws {
    try withTemporaryFolder { root in
      try fill(root, records, unitSize: 4)
      let place = CacheFolder(root: root, recipe: sampleRecipe())
      try body(place, Files.read(place.catalogue))
    }
  }

  /// The cache is as it was, and says so.
  private func expectWhole(_ place: CacheFolder, _ view: TrainingView, _ what: String) throws {
    #expect(try RegionCache.verify(place, .full).isEmpty, "\(what)")
    #expect(try TrainingView(place) == view, "\(what)")
    #expect(try CacheReader(place).progress().done == 40)
  }

  private func root(_ place: CacheFolder) -> String {
    URL(filePath: place.path).deletingLastPathComponent().path
  }

  /// One line that says what to do.
  private func expectCure(_ error: InputError?, _ place: CacheFolder, _ what: String) {
    let line = error?.description ?? "no error"
    #expect(error?.kind == .badData, "\(what): \(line)")
    #expect(line.hasPrefix(place.catalogue) && line.contains("'vild cache reindex'"), "\(line)")
    #expect(!line.contains("\n"))
  }

  @Test func shortByAnyNumberOfBytes() throws {
    try withCache { place, good in
      let view = try TrainingView(place)
      var mutator = Mutator(seed: 18)
      var lengths = [0, 1, 15, 16, 99, 100, 4095, 4096, 4097, good.count - 4096, good.count - 1]
      lengths += (0..<40).map { _ in mutator.below(good.count) }
      for (number, length) in lengths.enumerated() {
        try good.prefix(length).write(to: URL(filePath: place.catalogue))
        let problems = try RegionCache.verify(place, .quick)
        #expect(problems.map(\.kind).contains(.damagedCatalogue), "\(length) bytes")
        expectCure(
          #expect(throws: InputError.self) { try TrainingView(place) }, place, "\(length) bytes")
        // SQLite takes a single byte for an empty file, too.
        if length > 1 {
          expectCure(
            #expect(throws: InputError.self) { try fill(root(place), records, unitSize: 4) }, place,
            "\(length) bytes")
        }
        // Each way out leads to the same cache.
        if number % 2 == 0 {
          #expect(try RegionCache.repair(place).actions.first?.kind == .rebuiltCatalogue)
          try FileManager.default.removeItem(atPath: place.quarantine)
        } else {
          try RegionCache.reindex(place)
        }
        try expectWhole(place, view, "\(length) bytes")
      }
    }
  }

  /// Every column of every table, changed without its row's checksum.
  @Test(arguments: [
    ("unit", "deaths = 2"), ("unit", "attempts = attempts + 1"), ("unit", "token = token + 1"),
    ("unit", "beat = 4"), ("unit", "alone = 1"), ("image", "position = position + 100"),
    ("shard", "file = file || 'x'"), ("shard", "bytes = bytes + 1"),
    ("shard", "sha256 = replace(sha256, substr(sha256, 1, 4), 'abcd')"),
    ("shard", "blocks = blocks + 1"), ("shard", "images = images - 1"),
    ("shard", "regions = regions + 1"), ("location", "block = block + 1"),
    ("location", "first_row = first_row + 1"), ("location", "row_count = row_count + 1"),
    ("location", "width = width + 1"), ("location", "height = height + 1"),
    ("location", "content = 'x'"), ("location", "regions = 'x'"),
    ("location", "checksum = checksum + 1"),
    ("location", "status = 'crashed', error = 'x', row_count = 0"),
    ("summary", "usable = usable - 1"), ("summary", "manifest = substr(manifest, 2) || 'g'"),
    ("usable", "images = substr(images, 9)"), ("run", "arguments = '[]'"),
    ("run", "started = started + 1"), ("run", "owner = 'x'"), ("run", "images = images + 1"),
    ("run", "statistics = 'x'"), ("run", "finished = NULL"),
  ])
  func aRowWithoutItsChecksumIsNamed(table: String, change: String) throws {
    try withCache { place, _ in
      let view = try TrainingView(place)
      let key: String = try DatabaseQueue(path: place.catalogue).writeWithoutTransaction { db in
        let column = try #require(try db.columns(in: table).first?.name)
        let condition = table == "location" ? "WHERE row_count > 1 AND error IS NULL" : ""
        let key = try #require(
          try Int.fetchOne(db, sql: "SELECT max(\(column)) FROM \(table) \(condition)"))
        try db.execute(sql: "UPDATE \(table) SET \(change) WHERE \(column) = \(key)")
        #expect(db.changesCount == 1)
        return "row \(key) of table '\(table)' does not have the checksum it was written with"
      }
      let problems = try RegionCache.verify(place, .quick)
      #expect(problems.map(\.kind) == [.damagedCatalogue], "\(change)")
      #expect(problems.first?.message == "\(place.catalogue): \(key)")
      // What training reads of it is refused, and nothing of it is used.
      if ["location", "summary", "usable"].contains(table) {
        let error = #expect(throws: InputError.self) { try TrainingView(place) }
        expectCure(error, place, change)
        #expect(error?.what == key)
      } else {
        #expect(try TrainingView(place) == view)
      }
      if ["location", "shard", "unit", "run"].contains(table) {
        expectCure(
          #expect(throws: InputError.self) { try RegionCache.statistics(place) }, place, change)
      }
      #expect(try RegionCache.repair(place).actions.first?.kind == .rebuiltCatalogue)
      try expectWhole(place, view, change)
    }
  }

  /// The queue is not worked on from rows that cannot be right: no image is blamed by a flipped bit.
  @Test(arguments: ["deaths = 2", "attempts = 9", "alone = 1"])
  func aDamagedUnitIsNotLeased(change: String) throws {
    try withTemporaryFolder { root in
      let ids = records.map(\.imageID)
      let cache = try RegionCache.open(
        folder: root, recipe: sampleRecipe(), imageIDs: ids, unitSize: 40)
      try DatabaseQueue(path: cache.folder.catalogue).writeWithoutTransaction {
        try $0.execute(sql: "UPDATE unit SET \(change)")
      }
      expectCure(#expect(throws: InputError.self) { try cache.nextUnit() }, cache.folder, change)
      try cache.close()
      try RegionCache.reindex(cache.folder)
      try fill(root, records, unitSize: 40)
      #expect(try RegionCache.statistics(cache.folder).imagesByStatus["ok"] ?? 0 > 20)
    }
  }

  /// A flipped bit in the version must not lead back to rows without checksums.
  @Test(arguments: [(63, 1), (63, 4), (63, 7), (60, 0x80)])
  func anotherVersionThanItsRowsHave(byte: Int, value: Int) throws {
    try withCache { place, good in
      var bad = good
      bad[byte] = UInt8(value)
      #expect(good[60..<64] == Data([0, 0, 0, 5]))
      try bad.write(to: URL(filePath: place.catalogue))
      let view = #expect(throws: InputError.self) { try TrainingView(place) }
      expectCure(view, place, "\(value) in byte \(byte)")
      let writing = #expect(throws: InputError.self) {
        try fill(root(place), records, unitSize: 4)
      }
      expectCure(writing, place, "\(value) in byte \(byte)")
      try RegionCache.reindex(place)
      #expect(try RegionCache.verify(place, .full).isEmpty)
    }
  }

  /// Versions of SQLite's own format, which it would read and not write.
  @Test(arguments: [18, 19]) func aChangedHeader(byte: Int) throws {
    try withCache { place, good in
      let view = try TrainingView(place)
      var bad = good
      #expect(bad[byte] == 2)
      bad[byte] = 3
      try bad.write(to: URL(filePath: place.catalogue))
      #expect(try RegionCache.verify(place, .quick).map(\.kind) == [.damagedCatalogue])
      let writing = #expect(throws: InputError.self) {
        try fill(root(place), records, unitSize: 4)
      }
      #expect(writing?.description.contains("'vild cache reindex'") == true)
      #expect(try RegionCache.repair(place).actions.first?.kind == .rebuiltCatalogue)
      try expectWhole(place, view, "byte \(byte)")
    }
  }

  /// What SQLite says about a table or a column that is not there is a line with the cure.
  @Test(arguments: ["DROP TABLE location", "ALTER TABLE shard RENAME COLUMN sha256 TO sha257"])
  func aSchemaThatIsNotOurs(sql: String) throws {
    try withCache { place, _ in
      let view = try TrainingView(place)
      try DatabaseQueue(path: place.catalogue).writeWithoutTransaction { db in
        try db.execute(sql: "PRAGMA foreign_keys = OFF")
        try db.execute(sql: sql)
      }
      #expect(try RegionCache.verify(place, .quick).map(\.kind).contains(.damagedCatalogue))
      #expect(try RegionCache.repair(place).actions.first?.kind == .rebuiltCatalogue)
      try expectWhole(place, view, sql)
    }
  }
}
