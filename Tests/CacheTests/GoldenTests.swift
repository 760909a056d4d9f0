import Cache
import Foundation
import Regions
import Shards
import Support
import TestSupport
import Testing

/// Shards written by the first release; they must open for ever.
@Suite struct GoldenTests {
  /// What `Goldens/read_shard.py`, which knows only the document, makes of a record.
  struct Record: Codable, Equatable {
    var image: Int
    var status: ImageStatus
    var width: Int
    var height: Int
    var error: String?
    var boxes: [Float]
    var scores: [Float]
    var vectors: [Float]
  }

  private let golden = fixture("Goldens/shard-v1.zst")

  private func expected(_ data: Data) throws -> [Record] {
    try JSONDecoder().decode([Record].self, from: data)
  }

  private func plain(_ record: CacheRecord) -> Record {
    Record(
      image: record.imageID, status: record.status, width: record.width, height: record.height,
      error: record.error,
      boxes: record.regions.regions.boxes.flatMap { [$0.x0, $0.y0, $0.x1, $0.y1] },
      scores: record.regions.regions.scores, vectors: record.regions.vectors)
  }

  @Test func theGoldenShardReadsAsTheIndependentReaderSays() throws {
    if ProcessInfo.processInfo.environment["VILD_WRITE_GOLDENS"] != nil, !Files.exists(golden) {
      try writeShard(golden, sampleRecords(12), blockBytes: 400)
      let json = try #require(try run("python3", [fixture("Goldens/read_shard.py"), golden]))
      try json.output.write(
        toFile: fixture("Goldens/shard-v1.json"), atomically: true, encoding: .utf8)
    }
    let shard = try CacheShard(path: golden)
    let records = try shard.records()
    #expect(shard.itemsPerBlock.count > 2)
    #expect(try records.map(plain) == expected(try Files.read(fixture("Goldens/shard-v1.json"))))
    #expect(Set(records.map(\.status)) == [.ok, .noProposals, .decodeError, .tooLarge])
  }

  @Test func theIndependentReaderReadsWhatIsWrittenNow() throws {
    guard try run("zstd", ["--version"]) != nil else { return }
    try withTemporaryFolder { folder in
      let records = sampleRecords(35)
      try writeShard("\(folder)/a.zst", records, blockBytes: 400)
      let script = fixture("Goldens/read_shard.py")
      guard let result = try run("python3", [script, "\(folder)/a.zst"]) else { return }
      try #require(result.code == 0, "\(result.output)")
      #expect(try expected(Data(result.output.utf8)) == records.map(plain))
    }
  }
}
