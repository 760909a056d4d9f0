import Cache
import Foundation
import Shards
import Support
import TestSupport
import Testing

@Suite struct CacheReaderTests {
  @Test func aCorruptedBlockIsNamed() throws {
    try withTemporaryFolder { root in
      let records = sampleRecords(36)
      try fill(root, records, unitSize: 7)
      let reader = try CacheReader(folder: root, recipe: sampleRecipe())
      let place = reader.folder
      var bad = try Files.read(place.shard(2))
      let shard = try CacheShard(path: place.shard(2), in: place)
      bad[shard.frameBoundaries[5] - 6] ^= 1
      try bad.write(to: URL(filePath: place.shard(2)))
      let error = #expect(throws: InputError.self) {
        for image in try reader.usableImageIDs() { _ = try reader.record(of: image) }
      }
      let text = try #require(error?.description)
      #expect(text.contains("000002.zst") && text.contains("block 0"))
      let image = try #require(
        text.split(separator: "wanted image ").last?.prefix { $0.isNumber })
      #expect(records[14..<21].map { "\($0.imageID)" }.contains(String(image)), "\(text)")
    }
  }

  @Test func everyImageIsWhereTheLocationsSay() throws {
    try withTemporaryFolder { root in
      let records = sampleRecords(36)
      try fill(root, records, unitSize: 7)
      let reader = try CacheReader(folder: root, recipe: sampleRecipe())
      let locations = try reader.locations()
      for record in records {
        let location = try #require(locations[record.imageID])
        #expect(location.row.imageID == record.imageID)
        #expect(try reader.record(at: location) == reader.record(of: record.imageID))
      }
      let ids = Set(records.map(\.imageID))
      for id in [0, ids.min()! - 1, ids.max()! + 1] where !ids.contains(id) {
        #expect(locations[id] == nil)
      }
    }
  }

  /// Ranks with marks, without, and with failures in between.
  @Test(arguments: [true, false]) func ranksFollowTheIds(isClosed: Bool) throws {
    try withTemporaryFolder { root in
      var generator = SeededGenerator(state: 2)
      let many = (0..<900).map { index in
        index % 11 == 3
          ? CacheRecord(imageID: index * index, failed: .missing, error: "gone")
          : sampleRecord(index * index, regions: index % 2, using: &generator)
      }
      let cache = try RegionCache.open(
        folder: root, recipe: sampleRecipe(), imageIDs: many.shuffled().map(\.imageID),
        unitSize: 300)
      try cache.work { id in many.first { $0.imageID == id }! }
      if isClosed { try cache.close() }
      let reader = try CacheReader(folder: root, recipe: sampleRecipe())
      let usable = try reader.usableImageIDs()
      let images = try UsableImages(of: reader)
      #expect(images.count == usable.count)
      #expect(try usable.indices.map { try images.id(at: $0) } == usable)
      withExtendedLifetime(cache) {}
    }
  }
}
