import Cache
import Foundation
import GRDB
import Support
import TestSupport
import Testing

/// SQLite deleted, replaced, locked, from an old version, where nothing may be written.
@Suite struct CatalogueFaultTests {
  private let records = sampleRecords(12)
  private var ids: [Int] { records.map(\.imageID) }

  private func open(_ root: String) throws -> RegionCache {
    try RegionCache.open(
      CacheFolder(root: root, recipe: sampleRecipe()), imageIDs: ids, unitSize: 4,
      busySeconds: 0.2)
  }

  private func publish(_ unit: WorkUnit, _ cache: RegionCache) throws {
    try cache.publish(unit, records: records.filter { unit.imageIDs.contains($0.imageID) })
  }

  @Test(arguments: [false, true]) func deletedOrReplacedWhileInUse(isReplaced: Bool) throws {
    try withTemporaryFolder { root in
      let cache = try open(root)
      let unit = try #require(try cache.nextUnit())
      let next = try #require(try cache.nextUnit())
      try publish(unit, cache)
      let copy = try Files.read(cache.folder.catalogue)
      unlink(cache.folder.catalogue)
      if isReplaced { try copy.write(to: URL(filePath: cache.folder.catalogue)) }
      for action in [{ _ = try cache.nextUnit() }, { try publish(next, cache) }] {
        let error = #expect(throws: InputError.self) { try action() }
        #expect(error?.kind == .tryAgain)
        #expect(error?.description.contains("removed or replaced") == true)
      }
      // What was put there without its log is of no more use than nothing.
      for suffix in ["", "-wal", "-shm"] { unlink(cache.folder.catalogue + suffix) }
      let again = try open(root)
      #expect(try again.progress().done == 4)
      #expect(try again.nextUnit()?.imageIDs == next.imageIDs)
    }
  }

  @Test func replacedByAnOldCopy() throws {
    try withTemporaryFolder { root in
      let first = try open(root)
      let path = first.folder.catalogue
      try publish(try #require(try first.nextUnit()), first)
      _ = try first.nextUnit()
      try first.close()
      let old = try Files.read(path)
      try fill(root, records, unitSize: 4)
      let hash = try CacheReader(folder: root, recipe: sampleRecipe()).contentHash()
      try old.write(to: URL(filePath: path))
      let problems = try RegionCache.verify(first.folder, .full)
      #expect(problems.map(\.kind) == [.unknownShard])
      // Nothing is computed anew: there is nothing left to lease but what the old copy held back.
      let again = try open(root)
      #expect(try again.progress().done == 8)
      try again.close()
      try fill(root, records, unitSize: 4)
      #expect(try CacheReader(folder: root, recipe: sampleRecipe()).contentHash() == hash)
    }
  }

  /// The log of another database beside the file: what SQLite makes of it is noticed or harmless.
  @Test func damagedPagesAreNoticedAtTheNextOpening() throws {
    try withTemporaryFolder { root in
      let many = sampleRecords(400)
      try fill(root, many, unitSize: 4)
      let place = CacheFolder(root: root, recipe: sampleRecipe())
      var bad = try Files.read(place.catalogue)
      for page in stride(from: 4096 * 3, to: bad.count, by: 4096) { bad[page] = 0x55 }
      try bad.write(to: URL(filePath: place.catalogue))
      #expect(try RegionCache.verify(place, .quick).contains { $0.kind == .damagedCatalogue })
      let repair = try RegionCache.repair(place)
      #expect(repair.actions.first?.kind == .rebuiltCatalogue)
      #expect(repair.remaining.isEmpty)
      #expect(try CacheReader(folder: root, recipe: sampleRecipe()).progress().isComplete)
    }
  }

  @Test func lockedByAnotherProcess() throws {
    try withTemporaryFolder { root in
      try fill(root, records, unitSize: 4)
      let place = CacheFolder(root: root, recipe: sampleRecipe())
      let script = """
        import sqlite3, sys, time
        db = sqlite3.connect(sys.argv[1], isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        print("held", flush=True)
        time.sleep(60)
        """
      let output = "\(root)/output"
      let python: ChildProcess
      do {
        python = try ChildProcess(
          "python3", ["-c", script, place.catalogue], output: .file(output))
      } catch let error as InputError where error.kind == .missingInput {
        FileHandle.standardError.write(Data("SKIPPED: python3 is not installed\n".utf8))
        return
      }
      while python.isRunning && (try? Files.read(output))?.isEmpty != false { usleep(2000) }
      let error = #expect(throws: InputError.self) { try open(root) }
      #expect(error?.kind == .tryAgain)
      let text = try #require(error?.description)
      #expect(text.hasPrefix("\(place.catalogue): another process holds the catalogue"))
      #expect(text.contains("process \(python.identifier) (python3"))
      // Readers do not mind.
      #expect(try CacheReader(folder: root, recipe: sampleRecipe()).progress().done == 12)
      python.signal(SIGKILL)
      python.wait()
      #expect(try open(root).isComplete())
    }
  }

  /// The catalogue of the first release, with a lease by the wall clock.
  @Test func anOldCatalogueIsReadAndBroughtUpToDate() throws {
    try withTemporaryFolder { root in
      let cache = try open(root)
      try publish(try #require(try cache.nextUnit()), cache)
      try cache.close()
      let path = cache.folder.catalogue
      let sql = String(
        decoding: try Files.read(fixture("Goldens/catalogue-v1.sql")), as: UTF8.self)
      let old = try DatabaseQueue(path: "\(path).old")
      try old.writeWithoutTransaction { db in
        try db.execute(sql: "PRAGMA foreign_keys = OFF")
        try db.execute(sql: sql)
        try db.execute(sql: "ATTACH ? AS new", arguments: [path])
        try db.execute(
          sql: """
            INSERT INTO main.unit (id, state, token, attempts)
              SELECT id, state, token, attempts FROM new.unit;
            INSERT INTO main.location
              SELECT image, shard, block, first_row, row_count, width, height, status, error
              FROM new.location;
            """)
        for table in ["recipe", "image", "shard", "run"] {
          let columns = try db.columns(in: table, in: "main").map(\.name).joined(separator: ", ")
          try db.execute(
            sql: "INSERT INTO main.\(table) (\(columns)) SELECT \(columns) FROM new.\(table)")
        }
        try db.execute(sql: "DETACH new")
        try db.execute(
          sql: """
            UPDATE unit SET state = 'leased', owner = 'elsewhere:1:1', expires = 1.9e9, token = 3
            WHERE id = 1;
            UPDATE unit SET state = 'failed' WHERE id = 2;
            PRAGMA user_version = 1;
            """)
      }
      try old.close()
      try FileManager.default.removeItem(atPath: path)
      try FileManager.default.moveItem(atPath: "\(path).old", toPath: path)

      let reader = try CacheReader(folder: root, recipe: sampleRecipe())
      #expect(try reader.record(of: ids[1]) == records[1])
      #expect(try UsableImages(of: reader).count == 4)
      let again = try open(root)
      let units = try (0..<2).map { _ in try #require(try again.nextUnit()) }
      #expect(Set(units.map(\.id)) == [1, 2])
      for unit in units { try publish(unit, again) }
      try again.close()
      #expect(try RegionCache.verify(cache.folder, .full).isEmpty)
    }
  }

  @Test func readersNeedNoRightToWrite() throws {
    try withTemporaryFolder { root in
      let mount = try run("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", root])
      guard mount?.code == 0 else {
        FileHandle.standardError.write(
          Data("SKIPPED: a read-only disk needs the right to mount\n".utf8))
        return
      }
      defer { _ = try? run("umount", [root]) }
      try fill("\(root)/a b%c?d", records, unitSize: 4)
      let open = try self.open("\(root)/open")
      try publish(try #require(try open.nextUnit()), open)
      try withExtendedLifetime(open) {
        // As left by a kill: a log, and no shared memory that tells what is in it.
        try FileManager.default.copyItem(atPath: "\(root)/open", toPath: "\(root)/left")
      }
      let left = CacheFolder(root: "\(root)/left", recipe: sampleRecipe())
      unlink("\(left.catalogue)-shm")
      try open.close()
      #expect(try run("mount", ["-o", "remount,ro", root])?.code == 0)

      let reader = try CacheReader(folder: "\(root)/a b%c?d", recipe: sampleRecipe())
      for record in records { #expect(try reader.record(of: record.imageID) == record) }
      let place = CacheFolder(root: "\(root)/a b%c?d", recipe: sampleRecipe())
      #expect(try RegionCache.verify(place, .full).isEmpty)
      let error = #expect(throws: InputError.self) {
        try CacheReader(folder: "\(root)/left", recipe: sampleRecipe())
      }
      #expect(error?.kind == .tryAgain)
      #expect(error?.description.contains("was not closed") == true)
      let refusal = #expect(throws: InputError.self) {
        try RegionCache.open(folder: "\(root)/a b%c?d", recipe: sampleRecipe(), imageIDs: ids)
      }
      #expect(refusal?.kind == .cannotCreate)
    }
  }
}
