import Cache
import Foundation
import GRDB
import Regions
import Support
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// What a cache knows of the images it was made of.
@Suite struct KnownImagesTests {
  private let records = sampleRecords(12)
  private var ids: [Int] { records.map(\.imageID) }

  private func open(_ root: String) throws -> RegionCache {
    try RegionCache.open(
      folder: root, recipe: sampleRecipe(), imageIDs: ids, unitSize: 4)
  }

  private func rows(_ place: CacheFolder) throws -> [String] {
    let queue = try DatabaseQueue(path: place.catalogue)
    defer { try? queue.close() }
    return try queue.read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM location ORDER BY 1").map { "\($0)" }
    }
  }

  @Test func whatWasEmbeddedIsKnownAndRebuilt() throws {
    try withTemporaryFolder { root in
      var records = records
      for index in records.indices where index % 3 != 2 {
        records[index].content = Fingerprint.data(Data("image \(index)".utf8))
      }
      try fill(root, records, unitSize: 4)
      let place = CacheFolder(root: root, recipe: sampleRecipe())
      let before = try rows(place)
      try RegionCache.reindex(place)
      #expect(try rows(place) == before)
      let reader = try CacheReader(folder: root, recipe: sampleRecipe())
      let known = try reader.knownImages()
      for record in records {
        #expect(try reader.record(of: record.imageID) == record)
        let image = try #require(known[record.imageID])
        #expect((image.status, image.content) == (record.status, record.content))
        let regions = RegionsHash.of(record.regions.regions)
        #expect(image.regions == (record.status.isFailure ? nil : regions))
        #expect(image.file == nil)
      }
    }
  }

  @Test func imageFilesThatChangeAreFound() throws {
    try withTemporaryFolder { root in
      func path(_ image: Int) -> String { "\(root)/\(image).jpg" }
      func write(_ text: String, _ image: Int) throws {
        try Data(text.utf8).write(to: URL(filePath: path(image)))
      }
      let place = CacheFolder(root: "\(root)/cache", recipe: sampleRecipe())
      let cache = try open("\(root)/cache")
      while let unit = try cache.nextUnit() {
        var (found, files) = ([CacheRecord](), [Int: SeenFile]())
        for image in unit.imageIDs {
          try write("image \(image)", image)
          var record = try #require(records.first { $0.imageID == image })
          record.content = try Fingerprint.file(path(image))
          found.append(record)
          files[image] = SeenFile(
            path: path(image), stamp: try #require(FileStamp(path(image))))
        }
        try cache.publish(unit, records: found, files: files)
      }
      try cache.close()
      #expect(try RegionCache.verify(place, .full).isEmpty)
      // Touched, gone, and another one of the same size.
      let later = Date(timeIntervalSinceNow: -100)
      for image in [ids[0], ids[3]] {
        try write(image == ids[3] ? "IMAGE \(image)" : "image \(image)", image)
        try FileManager.default.setAttributes(
          [.modificationDate: later], ofItemAtPath: path(image))
      }
      unlink(path(ids[1]))
      let problems = try RegionCache.verify(place, .quick)
      #expect(problems.map(\.kind) == [.changedImage] && problems[0].images == [ids[3]])
      // One that looks as it did is found by reading it.
      let stamp = try #require(FileStamp(path(ids[5])))
      try write("IMAGE \(ids[5])", ids[5])
      let time = timespec(
        tv_sec: stamp.modified / 1_000_000_000, tv_nsec: stamp.modified % 1_000_000_000)
      #expect(utimensat(AT_FDCWD, path(ids[5]), [time, time], 0) == 0)
      #expect(try RegionCache.verify(place, .quick).flatMap(\.images) == [ids[3]])
      let repair = try RegionCache.repair(place)
      #expect(repair.remaining.isEmpty)
      #expect(repair.actions.map(\.kind) == [.queuedAgain])
      #expect(repair.actions[0].images == [ids[3], ids[5]])
      #expect(try RegionCache.repair(place).actions.isEmpty)
      let queue = try open("\(root)/cache")
      #expect(try queue.nextUnit()?.imageIDs == [ids[3], ids[5]])
      #expect(try queue.nextUnit() == nil)
      #expect(try RegionCache.verify(place, .full).isEmpty)
    }
  }

  /// Training sees what it asks for of a cache that holds more.
  @Test func someOfTheImages() throws {
    try withTemporaryFolder { root in
      try fill(root, records, unitSize: 4)
      let reader = try CacheReader(folder: root, recipe: sampleRecipe())
      let (all, usable) = (try UsableImages(of: reader), try reader.usableImageIDs())
      // Images that the cache holds beyond these change nothing, and failed ones never count.
      let some = try UsableImages(of: reader, only: Array(ids.dropFirst(3)))
      #expect(some.count == usable.count - 3)
      #expect(try (0..<some.count).map { try some.id(at: $0) } == Array(usable.dropFirst(3)))
      #expect(some.manifest != all.manifest)
      #expect(try UsableImages(of: reader, only: ids).manifest == all.manifest)
    }
  }
}
