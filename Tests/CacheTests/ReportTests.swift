import Cache
import Foundation
import Regions
import Support
import TestSupport
import Testing

/// Statistics, recomputed samples, merging, and the JSON that other programs read.
@Suite struct ReportTests {
  private let records = sampleRecords(30)

  private func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  @Test func statisticsCountEverything() throws {
    try withTemporaryFolder { root in
      try fill(root, records, unitSize: 8)
      let place = CacheFolder(root: root, recipe: sampleRecipe())
      let statistics = try RegionCache.statistics(place)
      let regions = records.reduce(0) { $0 + $1.regions.count }
      #expect(statistics.images == 30 && statistics.regions == regions)
      #expect(statistics.imagesByStatus.values.reduce(0, +) == 30)
      #expect(statistics.units == ["done": 4])
      let bytes = try (0..<4).reduce(0) { try $0 + Files.read(place.shard($1)).count }
      #expect(statistics.bytes == bytes)
      #expect(statistics.bytesPerRegion == Double(bytes) / Double(regions))
      #expect(statistics.blocks == 4)
      #expect(statistics.failures.map(\.images).reduce(0, +) == 6)
      #expect(statistics.failures.allSatisfy { $0.reason == "image # größer als erlaubt" })
      #expect(statistics.failures.first?.images == 2)
      #expect(statistics.runs.count == 1 && statistics.runs[0].regions == regions)
      let keys = try JSONSerialization.jsonObject(with: JSONEncoder().encode(statistics))
      #expect(
        Set(try #require(keys as? [String: Any]).keys) == [
          "cache", "recipe", "images", "imagesByStatus", "regions", "bytes", "bytesPerRegion",
          "shards", "blocks", "units", "failures", "runs",
        ])
    }
  }

  /// Reads as a value, and is written the same way again.
  private func isForm<Value: Codable>(_ text: String, of type: Value.Type) throws -> Bool {
    try json(JSONDecoder().decode(Value.self, from: Data(text.utf8))) == text
  }

  @Test func reportsHaveAStableForm() throws {
    #expect(
      try isForm(
        #"{"actions":[{"file":"q/3","images":[],"kind":"quarantined","message":"why","shard":3}],"#
          + #""remaining":[{"block":1,"images":[7,9],"kind":"damagedShard","message":"no","#
          + #""shard":3}]}"#, of: CacheRepair.self))
    #expect(
      try isForm(
        #"{"images":3,"imagesInBoth":4,"shardsTaken":1,"shardsWritten":2}"#, of: CacheMerge.self))
    #expect(
      try isForm(
        #"{"bytes":8,"isRemoved":false,"items":[{"bytes":8,"path":"a","reason":"quarantined"}]}"#,
        of: CacheGarbage.self))
    #expect(
      try isForm(
        #"{"images":1,"largestDistance":0.25,"medianCosine":0.875,"problems":[],"regions":2,"smallestCosine":0.75,"smallestImage":7,"smallestRegion":1}"#,
        of: RegionCache.SampleCheck.self))
    #expect(
      Set(ImageStatus.allCases.map(\.rawValue)) == [
        "ok", "noProposals", "decodeError", "tooLarge", "unsupported", "missing", "crashed",
      ])
  }

  @Test func aSampleIsComparedWithTheTeacher() throws {
    try withTemporaryFolder { root in
      try fill(root, records, unitSize: 8)
      let place = CacheFolder(root: root, recipe: sampleRecipe())
      let withRegions = records.filter { !$0.regions.isEmpty }
      let all = try RegionCache.sample(place, .share(1)) { _, record in record.regions.vectors }
      #expect(all.images == withRegions.count && all.problems.isEmpty)
      #expect(all.regions == withRegions.reduce(0) { $0 + $1.regions.count })
      #expect(all.largestDistance < 1e-9)
      for cosine in [all.smallestCosine, all.medianCosine] {
        #expect(abs(try #require(cosine) - 1) < 1e-9)
      }
      // So many images with regions, whatever lies between them, and no more than there are.
      for (count, found) in [(1, 1), (7, 7), (1000, withRegions.count)] {
        let some = try RegionCache.sample(place, .images(count)) { _, record in
          record.regions.vectors
        }
        #expect(some.images == found)
      }
      var seen: [Int] = []
      _ = try RegionCache.sample(place, .share(0.2), seed: 4) { image, record in
        seen.append(image)
        return record.regions.vectors
      }
      #expect((1...6) ~= seen.count && Set(seen).count == seen.count)
      // One region of one image is another one's, another image cannot be read any more.
      let (bad, gone) = (withRegions[2].imageID, withRegions[5].imageID)
      struct Gone: Error {}
      let check = try RegionCache.sample(place, .share(1)) { image, record in
        if image == gone { throw Gone() }
        var vectors = record.regions.vectors
        if image == bad { for i in 16..<32 { vectors[i] = i % 2 == 0 ? vectors[i] : -vectors[i] } }
        return vectors
      }
      #expect(check.problems.map(\.kind) == [.otherEmbedding, .otherEmbedding])
      #expect(Set(check.problems.flatMap(\.images)) == [bad, gone])
      #expect(
        check.problems.contains {
          $0.message.hasPrefix("region 1 of image \(bad) has cosine ")
            && $0.message.hasSuffix(" with what the teacher gives now, below 0.9999")
        })
      #expect(check.smallestImage == bad && check.smallestRegion == 1)
      let smallest = try #require(check.smallestCosine)
      #expect(smallest < 0.9 && check.largestDistance == 1 - smallest)
      #expect(abs(try #require(check.medianCosine) - 1) < 1e-9)
      let lenient = try RegionCache.sample(place, .share(1), bound: -1) { _, record in
        record.regions.vectors.map { -$0 }
      }
      #expect(lenient.problems.isEmpty && lenient.largestDistance > 1.9)
      #expect(throws: Stopped.self) {
        try RegionCache.sample(place, .share(1)) { _, _ in throw Stopped(signal: 2) }
      }
    }
  }

  /// Publishes some of the images, queued in units as `fill` would.
  private func share(
    _ folder: String, _ images: [CacheRecord], where isMine: (Int) -> Bool, unitSize: Int
  ) throws -> CacheFolder {
    let cache = try RegionCache.open(
      folder: folder, recipe: sampleRecipe(), imageIDs: images.map(\.imageID), unitSize: unitSize)
    var foreign: [WorkUnit] = []
    while let unit = try cache.nextUnit() {
      if isMine(unit.id) {
        try cache.publish(unit, records: images.filter { unit.imageIDs.contains($0.imageID) })
      } else {
        foreign.append(unit)
      }
    }
    for unit in foreign { try cache.release(unit) }
    try cache.close()
    return cache.folder
  }

  private func contentHash(_ place: CacheFolder) throws -> String {
    try CacheReader(place).contentHash()
  }

  @Test func twoMachinesShares() throws {
    try withTemporaryFolder { root in
      let whole = try share("\(root)/whole", records, where: { _ in true }, unitSize: 5)
      let one = try share("\(root)/one", records, where: { $0 % 2 == 0 }, unitSize: 5)
      let two = try share("\(root)/two", records, where: { $0 % 2 == 1 }, unitSize: 5)
      let merge = try RegionCache.merge(from: two, into: one)
      #expect(
        try json(merge) == #"{"images":15,"imagesInBoth":0,"shardsTaken":3,"shardsWritten":0}"#)
      #expect(try contentHash(one) == contentHash(whole))
      #expect(try RegionCache.verify(one, .full).isEmpty)
      for shard in 0..<6 {
        #expect(try Files.read(one.shard(shard)) == Files.read(whole.shard(shard)))
      }
      // Once more: nothing is new.
      let again = try RegionCache.merge(from: two, into: one)
      #expect(
        try json(again) == #"{"images":0,"imagesInBoth":15,"shardsTaken":0,"shardsWritten":0}"#)
      // What was merged does not depend on the other cache any more.
      try FileManager.default.removeItem(atPath: two.path)
      #expect(try contentHash(one) == contentHash(whole))
    }
  }

  /// Other unit sizes, images in both, images that only one was asked for.
  @Test func anyTwoCachesOfOneRecipe() throws {
    try withTemporaryFolder { root in
      let whole = try share("\(root)/whole", records, where: { _ in true }, unitSize: 30)
      let one = try share("\(root)/one", Array(records[..<20]), where: { $0 < 3 }, unitSize: 5)
      let two = try share("\(root)/two", Array(records[7...]), where: { _ in true }, unitSize: 4)
      let merge = try RegionCache.merge(from: two, into: one)
      #expect(merge.images == 15 && merge.imagesInBoth == 8)
      #expect(try RegionCache.verify(one, .full).isEmpty)
      #expect(try contentHash(one) == contentHash(whole))
      try RegionCache.reindex(one)
      #expect(try contentHash(one) == contentHash(whole))
    }
  }

  @Test func contradictionsAreHardErrors() throws {
    try withTemporaryFolder { root in
      let one = try share("\(root)/one", records, where: { $0 < 2 }, unitSize: 5)
      var others = records
      others[3] = CacheRecord(imageID: others[3].imageID, failed: .missing, error: "gone")
      let two = try share("\(root)/two", others, where: { _ in true }, unitSize: 5)
      let before = try contentHash(one)
      let error = #expect(throws: InputError.self) { try RegionCache.merge(from: two, into: one) }
      #expect(error?.kind == .badData)
      #expect(error?.description.contains("image \(records[3].imageID)") == true)
      #expect(try contentHash(one) == before)

      let other = CacheFolder(root: "\(root)/two", recipe: sampleRecipe(family: "align"))
      #expect(throws: InputError.self) { try RegionCache.merge(from: other, into: one) }
      #expect(throws: InputError.self) { try RegionCache.merge(from: one, into: one) }
      let nowhere = CacheFolder(root: "\(root)/nowhere", recipe: sampleRecipe())
      #expect(throws: InputError.self) { try RegionCache.merge(from: nowhere, into: one) }
    }
  }
}
