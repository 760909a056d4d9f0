import Cache
import Foundation
import Shards
import Support
import TestSupport
import Testing

@Suite struct ShardTests {
  @Test func roundTripOfEveryKindOfImage() throws {
    try withTemporaryFolder { folder in
      let records = sampleRecords(60)
      try fill(folder, records, unitSize: 25)
      let reader = try CacheReader(folder: folder, recipe: sampleRecipe())
      for record in records.shuffled() {
        #expect(try reader.record(of: record.imageID) == record)
      }
      #expect(try reader.imageIDs() == records.map(\.imageID))
      #expect(try reader.progress().isComplete)
      #expect(try reader.progress().failures == 12)
      #expect(throws: InputError.self) { try reader.record(of: 11) }
    }
  }

  @Test func blocksHoldWholeImagesOfAQuarterMebibyte() throws {
    try withTemporaryFolder { folder in
      // 80 x 512 halves are 81,920 bytes: three images a block, and one that needs its own.
      var generator = SeededGenerator(state: 5)
      let recipe = sampleRecipe(dimension: 512)
      let records = [80, 80, 80, 80, 300, 2].enumerated().map {
        sampleRecord($0.offset, regions: $0.element, dimension: 512, using: &generator)
      }
      try fill(folder, records, recipe: recipe, unitSize: 10)
      let place = CacheFolder(root: folder, recipe: recipe)
      let shard = try CacheShard(path: place.shard(0), in: place)
      #expect(shard.itemsPerBlock == [3, 1, 1, 1])
      let reader = try CacheReader(folder: folder, recipe: recipe)
      for record in records { #expect(try reader.record(of: record.imageID) == record) }
      #expect(try RegionCache.verify(place, .full).isEmpty)
    }
  }

  @Test func sameInputGivesTheSameBytes() throws {
    try withTemporaryFolder { folder in
      let records = sampleRecords(40)
      let first = try writeShard("\(folder)/a", records)
      let second = try writeShard("\(folder)/b", records)
      #expect(try Files.read("\(folder)/a") == Files.read("\(folder)/b"))
      #expect(first == second)
      #expect(try Fingerprint.file("\(folder)/a") == first)
    }
  }

  @Test func aWriterThatIsDroppedLeavesNothing() throws {
    try withTemporaryFolder { folder in
      do {
        let writer = try CacheShardWriter(
          path: "\(folder)/a", recipe: Recipe(sampleRecipe()), shard: 0)
        try writer.append(sampleRecords(1)[0])
      }
      #expect(!Files.exists("\(folder)/a"))
      // Another's file survives a writer that cannot start.
      try Data([1]).write(to: URL(filePath: "\(folder)/b"))
      #expect(throws: InputError.self) { try writeShard("\(folder)/b", sampleRecords(1)) }
      #expect(try Files.read("\(folder)/b") == Data([1]))
    }
  }

  @Test func zstdAcceptsTheFile() throws {
    try withTemporaryFolder { folder in
      try writeShard("\(folder)/a.zst", sampleRecords(40))
      if let result = try run("zstd", ["-t", "\(folder)/a.zst"]) {
        #expect(result.code == 0, "\(result.output)")
      }
    }
  }
}
