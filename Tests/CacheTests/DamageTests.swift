import Cache
import Foundation
import Regions
import Shards
import Support
import TestSupport
import Testing

/// One flipped bit, one missing byte: always noticed, never handed out.
@Suite struct DamageTests {
  /// A cache of two shards, several blocks in the first.
  private func withCache(
    _ body: (CacheFolder, _ records: [CacheRecord], _ shard: Data) throws -> Void
  ) throws {
    try withTemporaryFolder { root in
      var generator = SeededGenerator(state: 3)
      let recipe = sampleRecipe()
      let records = (0..<8).map {
        $0 == 3
          ? CacheRecord(imageID: $0, failed: .decodeError, error: "not a JPEG")
          : sampleRecord($0, regions: 35, using: &generator)
      }
      // Small blocks, of three images with regions: 3 x 35 x 16 halves are 3,360 bytes.
      let place = CacheFolder(root: root, recipe: recipe)
      try fill(root, [], recipe: recipe, unitSize: 1)
      try writeShard(place.shard(0), Array(records[..<7]), blockBytes: 3400)
      try writeShard(place.shard(1), Array(records[7...]), number: 1, blockBytes: 3400)
      try RegionCache.reindex(place)
      try body(place, records, try Files.read(place.shard(0)))
    }
  }

  /// What reading all of a shard's images gives: the records, or an error somewhere.
  private func allRecords(_ place: CacheFolder, _ ids: [Int]) -> Result<[CacheRecord], any Error> {
    Result {
      let reader = try CacheReader(place)
      return try ids.map { try reader.record(of: $0) }
    }
  }

  @Test func everyFlippedBitIsNoticedAndNamed() throws {
    try withCache { place, records, good in
      let shard = try CacheShard(path: place.shard(0), in: place)
      var generator = SeededGenerator(state: 11)
      var positions: [Int] = []
      // Every part of the file: both ends of each frame, and some bytes within.
      for (start, end) in zip(shard.frameBoundaries, shard.frameBoundaries.dropFirst()) {
        positions += [start, start + 4, start + 5, end - 4, end - 1]
        positions += (0..<18).map { _ in Int.random(in: start..<end, using: &generator) }
      }
      #expect(positions.count > 290)
      let expected = Array(records.prefix(7))
      var namedBlocks = 0
      for position in positions {
        var bad = good
        bad[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        try bad.write(to: URL(filePath: place.shard(0)))
        let problems = try RegionCache.verify(place, .quick)
        #expect(problems.contains { $0.shard == 0 && $0.kind == .damagedShard }, "\(position)")
        namedBlocks += problems.contains { $0.block != nil && !$0.images.isEmpty } ? 1 : 0
        do {
          let read = try CacheShard(path: place.shard(0), in: place).records()
          #expect(read == expected, "silently wrong at \(position)")
        } catch let error as InputError {
          #expect(error.description.contains("000000.zst"))
        }
      }
      // All but those in the header, footer and seek table.
      #expect(namedBlocks > positions.count * 3 / 4)
    }
  }

  @Test func everyTruncationIsNoticed() throws {
    try withCache { place, _, good in
      let shard = try CacheShard(path: place.shard(0), in: place)
      var generator = SeededGenerator(state: 12)
      var lengths = shard.frameBoundaries.dropLast() + [0, 1, good.count - 1, good.count - 9]
      lengths += (0..<30).map { _ in Int.random(in: 0..<good.count, using: &generator) }
      for length in lengths {
        try good.prefix(length).write(to: URL(filePath: place.shard(0)))
        #expect(throws: InputError.self) { try CacheShard(path: place.shard(0)) }
        let problems = try RegionCache.verify(place, .quick)
        #expect(problems.map(\.shard) == [0], "cut at \(length)")
      }
      // Bytes too many are as bad.
      try (good + [0]).write(to: URL(filePath: place.shard(0)))
      #expect(throws: InputError.self) { try CacheShard(path: place.shard(0)) }
    }
  }

  /// Every single byte of a shard, one bit of each: refused, and named by what it belongs to.
  @Test func everyByteIsVouchedFor() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/000000.zst"
      let records = sampleRecords(6, dimension: 8)
      let hash = try writeShard(
        path, records, recipe: sampleRecipe(dimension: 8), blockBytes: 60)
      let good = try Files.read(path)
      let shard = try CacheShard(path: path)
      let ends = shard.frameBoundaries.dropFirst()
      let columns = ["image table", "boxes", "scores", "high bytes", "low bytes"]
      let blocks = shard.itemsPerBlock.count
      #expect(blocks >= 3 && ends.count == 1 + blocks * 5 + 2)
      var generator = SeededGenerator(state: 13)
      var unnoticed = 0
      // Changed in place: a file system may flush a file that is written anew each time.
      let file = try FileHandle(forUpdating: URL(filePath: path))
      func put(_ byte: UInt8, at position: Int) throws {
        try file.seek(toOffset: UInt64(position))
        try file.write(contentsOf: [byte])
      }
      for position in good.indices {
        try put(good[position] ^ 1 << UInt8.random(in: 0..<8, using: &generator), at: position)
        defer { try? put(good[position], at: position) }
        // A few bits say nothing to zstd: what reads the same is noticed by hashes, before the footer
        // by the footer's.
        var text = ""
        do throws(InputError) {
          let shard = try CacheShard(path: path)
          #expect(try shard.records() == records, "silently wrong at \(position)")
          if position < ends[ends.startIndex + blocks * 5] {
            #expect(throws: InputError.self, "byte \(position)") { try shard.verifiedHash() }
          } else {
            #expect(try shard.verifiedHash() != hash, "byte \(position)")
          }
          unnoticed += 1
          continue
        } catch {
          text = error.description
        }
        #expect(text.hasPrefix("\(path): damaged shard: "), "byte \(position): \(text)")
        let frame = ends.firstIndex { position < $0 }! - ends.startIndex
        if (1...blocks * 5) ~= frame {
          let name = columns[(frame - 1) % 5]
          #expect(text.contains(name), "byte \(position): \(text)")
          #expect(text.contains("of block \((frame - 1) / 5)"), "byte \(position): \(text)")
        }
      }
      #expect((1..<20) ~= unnoticed)
      #expect(try Fingerprint.file(path) == hash)
      for length in good.indices.reversed() {
        try file.truncate(atOffset: UInt64(length))
        let error = #expect(throws: InputError.self) { try CacheShard(path: path) }
        #expect(error?.description.hasPrefix("\(path): damaged shard: ") == true, "\(length)")
      }
    }
  }

  @Test func trainingNamesShardBlockAndImage() throws {
    try withCache { place, _, good in
      let shard = try CacheShard(path: place.shard(0), in: place)
      var bad = good
      // The middle of the vectors of block 1: header, five frames of block 0, four of block 1.
      bad[shard.frameBoundaries[1 + 5 + 4] - 100] ^= 4
      try bad.write(to: URL(filePath: place.shard(0)))
      guard case .failure(let error) = allRecords(place, [0, 1, 2, 3, 4, 5, 6]) else {
        Issue.record("the damage was not noticed")
        return
      }
      let text = "\(error)"
      #expect(text.contains("000000.zst"))
      #expect(text.contains("high bytes of the vectors of block 1"))
      #expect(text.contains("wanted image 4"))
      // The other block and the other shard still read.
      guard case .success = allRecords(place, [0, 1, 2, 3, 7]) else {
        Issue.record("sound blocks must read")
        return
      }
    }
  }

  @Test func missingAndForeignFilesAreNamed() throws {
    try withCache { place, _, good in
      try FileManager.default.removeItem(atPath: place.shard(0))
      #expect(try RegionCache.verify(place, .quick).map(\.kind) == [.missingShard])
      try good.write(to: URL(filePath: place.shard(0)))
      try good.write(to: URL(filePath: place.shard(5)))
      #expect(try RegionCache.verify(place, .full).map(\.kind) == [.unknownShard])
    }
  }

  @Test func vectorsThatAreNoUnitVectorsAreNamed() throws {
    try withTemporaryFolder { root in
      var records = sampleRecords(4)
      var vectors = records[1].regions.vectors
      vectors[0] += 1
      records[1].regions = EmbeddedRegions(records[1].regions.regions, vectors: vectors)
      let cache = try RegionCache.open(
        folder: root, recipe: sampleRecipe(), imageIDs: records.map(\.imageID), unitSize: 4)
      let unit = try #require(try cache.nextUnit())
      let error = #expect(throws: InputError.self) { try cache.publish(unit, records: records) }
      #expect(error?.description.contains("image 13") == true)
      // A shard that got in some other way is found by a full check.
      try cache.close()
      try writeShard(cache.folder.shard(0), records)
      try RegionCache.reindex(cache.folder)
      #expect(try RegionCache.verify(cache.folder, .quick).isEmpty)
      let problems = try RegionCache.verify(cache.folder, .full)
      #expect(problems.map(\.kind) == [.badRecord])
      #expect(problems.first?.images == [13])
    }
  }
}
