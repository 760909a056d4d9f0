import Foundation
import Support
import TestSupport
import Testing

extension EndToEnd {
  /// A damaged catalogue as the user meets it: one line, the same from every command, and a way out.
  @Suite struct CatalogueDamageTests {
    /// Damages the finished cache's catalogue, expects the line and what `vild cache verify` says, and
    /// goes the way that the line shows.
    private func expect(
      _ line: String, after damage: (inout Data) throws -> Void,
      location: SourceLocation = #_sourceLocation
    ) throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache")
        let (cache, content) = (try place.cache(), try place.cacheContent())
        let catalogue = "\(cache)/catalogue.sqlite"
        var bytes = try Files.read(catalogue)
        try damage(&bytes)
        try bytes.write(to: URL(filePath: catalogue))
        let cure =
          "rebuild it from the shards with 'vild cache reindex'; only the history of runs is lost"
        let verified = try Vild.run("cache", "verify", cache)
        #expect(verified.status == 65 && verified.output.contains("damagedCatalogue"))
        for stage in ["embed", "distill"] {
          place.expect(
            try place.run(stage), status: 65,
            "HERE/runs/tiny/cache/HASH/catalogue.sqlite: \(line); \(cure)", location: location)
        }
        #expect(try Vild.run("cache", "reindex", cache).status == 0)
        #expect(try Vild.run("cache", "verify", cache).status == 0)
        #expect(try place.cacheContent() == content)
        #expect(try place.run("embed").messages.last?.hasPrefix("up to date: ") == true)
      }
    }

    @Test func shortByAByte() throws {
      var size = 0
      try withPlace { place in
        try place.copyFinished("propose", "cache")
        size = try Files.read("\(place.cache())/catalogue.sqlite").count
      }
      try expect("the catalogue is damaged (expected \(size) bytes, got \(size - 1))") {
        $0.removeLast()
      }
    }

    /// A digit of a hash, within a page that SQLite takes for sound.
    @Test func aChangedDigit() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache")
        let (cache, content) = (try place.cache(), try place.cacheContent())
        let catalogue = "\(cache)/catalogue.sqlite"
        var bytes = try Files.read(catalogue)
        // The name stands in an index as well; in the table, the file's hash follows.
        let hex = Set("0123456789abcdef".utf8)
        let places = bytes.ranges(of: Data("000001.zst".utf8)).map { $0.upperBound + 8 }
        let digit = try #require(
          places.first { bytes.dropFirst($0).prefix(32).count(where: hex.contains) == 32 })
        bytes[digit] ^= 1
        try bytes.write(to: URL(filePath: catalogue))
        let verified = try Vild.run("cache", "verify", cache)
        #expect(verified.status == 65)
        #expect(
          verified.output.contains(
            "row 1 of table 'shard' does not have the checksum it was written with"))
        let repaired = try Vild.run("cache", "repair", cache)
        #expect(repaired.status == 0 && repaired.output.contains("rebuiltCatalogue"))
        #expect(try Vild.run("cache", "verify", cache).status == 0)
        #expect(try place.cacheContent() == content)
      }
    }

    @Test func swappedShards() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache")
        let (cache, content) = (try place.cache(), try place.cacheContent())
        let shards = ["\(cache)/shards/000000.zst", "\(cache)/shards/000001.zst"]
        let bytes = try shards.map { try Files.read($0) }
        for (path, bytes) in zip(shards, bytes.reversed()) { try Files.write(bytes, to: path) }
        let verified = try Vild.run("cache", "verify", cache)
        #expect(verified.status == 65 && verified.output.contains("misplacedShard, shard 0"))
        let outcome = try place.run("distill")
        #expect(outcome.status == 65)
        #expect(outcome.complaints.first?.contains("the shard is under another's name") == true)
        let repaired = try Vild.run("cache", "repair", cache)
        #expect(repaired.status == 0)
        #expect(repaired.output.contains("renamed, shard 0"))
        #expect(repaired.output.contains("renamed, shard 1"))
        #expect(try place.cacheContent() == content)
        #expect(try Vild.run("cache", "verify", cache).status == 0)
      }
    }

    @Test func aChangedRecipe() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache")
        let (cache, content) = (try place.cache(), try place.cacheContent())
        var bytes = try Files.read("\(cache)/recipe.json")
        bytes[bytes.count / 2] ^= 1
        try Files.write(bytes, to: "\(cache)/recipe.json")
        let verified = try Vild.run("cache", "verify", cache)
        #expect(verified.status == 65)
        #expect(
          verified.complaints.first?.contains(
            "recipe.json: the recipe does not have the checksum it was written with") == true)
        #expect(try place.run("embed").status == 65)
        let repaired = try Vild.run("cache", "repair", cache)
        #expect(repaired.status == 0 && repaired.output.contains("rewroteRecipe"))
        #expect(try place.cacheContent() == content)
      }
    }
  }
}
