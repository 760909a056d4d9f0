import Foundation
import Support
import TestSupport
import Testing

extension EndToEnd {
  /// Damage to outputs is found and named, never trained on.
  @Suite struct DamageTests {
    @Test func flippedBitInAShard() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache")
        let cache = try place.cache()
        let shard = "\(cache)/shards/000001.zst"
        var bytes = try Files.read(shard)
        // The last frames are a block's vectors and the footer.
        let magic = Data([0x28, 0xB5, 0x2F, 0xFD])
        let footer = try #require(bytes.range(of: magic, options: .backwards)).lowerBound
        let vectors = try #require(
          bytes.range(of: magic, options: .backwards, in: 0..<footer)
        ).lowerBound
        bytes[(vectors + footer) / 2] ^= 4
        try Files.write(bytes, to: shard)

        let verified = try Vild.run("cache", "verify", cache)
        place.expect(
          verified, status: 65,
          "1 promise of the cache is broken; "
            + "'vild cache repair' puts right what it can; then embed again")
        #expect(verified.output.contains("damagedShard, shard 1, block 0, images 3 4: \(shard)"))

        let outcome = try place.run("distill")
        #expect(outcome.status == 65)
        #expect(outcome.complaints.count == 1)
        let line = try #require(outcome.complaints.first)
        #expect(line.hasPrefix("vild: \(shard): "))
        #expect(line.contains("wanted image "), "\(line)")
        #expect(line.contains("block 0"))
        #expect(place.unfinished("distill") == [])

        // The hint leads out of it.
        let repaired = try Vild.run("cache", "repair", cache)
        #expect(repaired.status == 0)
        #expect(repaired.output.contains("quarantined, shard 1"))
        #expect(try place.run("embed").status == 0)
        try place.expectFinishedCache()
      }
    }

    @Test func cutOffStudentIsNotUsed() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        let student = "\(try place.output("distill"))/student.safetensors"
        let whole = try Files.read(student)
        try Files.write(whole.prefix(whole.count / 2), to: student)
        // Its size is not the recorded one, so it is trained again.
        #expect(try place.run("distill").status == 0)
        #expect(try Files.read(student) == whole)
      }
    }
  }
}
