import Cache
import CacheExport
import Foundation
import Regions
import Support
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

extension EndToEnd {
  /// Vectors that were computed elsewhere enter the cache as if 'embed' had made them, or not at all.
  @Suite struct ImportTests {
    private func shards(_ place: Place) throws -> [String: Data] {
      let folder = "\(try place.cache())/shards"
      let names = try FileManager.default.contentsOfDirectory(atPath: folder)
      return try Dictionary(
        uniqueKeysWithValues: names.map { ($0, try Files.read("\(folder)/\($0)")) })
    }

    private func expectSound(_ place: Place) throws {
      let cache = try place.cache()
      #expect(try Vild.run("cache", "verify", cache).output == "\(cache): sound\n")
    }

    @Test(arguments: ["npz", "safetensors"]) func allThatEmbedMade(format: String) throws {
      let finished = try FinishedRun.shared.get().place
      try withPlace { place in
        try place.copyFinished("propose")
        let vectors = try place.exportVectors(of: finished.cache(), as: format)
        let outcome = try place.importVectors(vectors)
        #expect(outcome.status == 0 && outcome.complaints.isEmpty, "\(outcome.errors)")
        #expect(
          outcome.errors.contains("\"event\":\"done\",\"stage\":\"import\",\"unit\":\"images\""))
        let cache = try place.cache()
        let regions = try Vild.run("cache", "info", finished.cache()).output
        let count = try #require(regions.split(separator: "\n")[2].split(separator: " ").last)
        #expect(
          outcome.output == """
            \(cache): added 8 images, \(count) regions of 1 file; 0 were there already
            nothing is missing: 'vild embed' has nothing to do

            """)
        try place.expectFinishedCache()
        #expect(try shards(place) == shards(finished), "byte by byte")
        try expectSound(place)
        #expect(try place.run("embed").messages.last?.hasPrefix("up to date: 8 images, ") == true)
        let stats = try Vild.run("cache", "stats", cache).output
        #expect(stats.contains(": imported 8 images, \(count) regions"), "\(stats)")
        // And training takes it.
        let trained = try place.run("distill", "--until-step", "1")
        #expect(trained.status == 0 && trained.complaints.isEmpty, "\(trained.errors)")

        let again = try place.importVectors(vectors, "--json")
        let report = try JSONSerialization.jsonObject(with: Data(again.output.utf8))
        let found = try #require(report as? [String: Any])
        #expect(
          Set(found.keys) == [
            "cache", "files", "images", "regions", "imagesThere", "imagesInSeveral",
            "imagesFailed", "failedElsewhere", "changed", "missing",
          ])
        #expect(found["images"] as? Int == 0 && found["imagesThere"] as? Int == 8)
      }
    }

    /// Of units of two images, some have vectors of one alone.
    @Test func someImagesAndTheRestIsEmbedded() throws {
      let finished = try FinishedRun.shared.get().place
      try withPlace { place in
        try place.copyFinished("propose")
        let vectors = try place.exportVectors(of: finished.cache(), images: [2, 5, 6, 7])
        let outcome = try place.importVectors(vectors)
        #expect(outcome.status == 0 && outcome.complaints.isEmpty, "\(outcome.errors)")
        #expect(outcome.output.contains(": added 4 images, "))
        #expect(
          outcome.output.hasSuffix(
            "\n4 images (1, 3, 4, ...) are still missing: 'vild embed --list' lists them, "
              + "'vild embed' embeds them\n"), "\(outcome.output)")
        #expect(try place.list().images.map { $0["id"] as? Int } == [1, 3, 4, 8])
        #expect(try place.importVectors(vectors).output.contains("; 4 were there already"))
        let embedded = try place.run("embed")
        #expect(embedded.status == 0 && embedded.errors.contains("\"done\":8,\"total\":8"))
        try place.expectFinishedCache()
        try expectSound(place)
      }
    }

    /// A process that embeds keeps what it holds.
    @Test func besideAnotherProcess() throws {
      let finished = try FinishedRun.shared.get().place
      try withPlace { place in
        try place.copyFinished("propose")
        let vectors = try place.exportVectors(of: finished.cache())
        let embedding = try place.start("embed")
        #expect(embedding.waits(for: "\"event\":\"progress\""))
        embedding.signal(SIGSTOP)
        let outcome = try place.importVectors(vectors)
        #expect(outcome.status == 0 && outcome.complaints.isEmpty, "\(outcome.errors)")
        #expect(outcome.output.contains("still missing"), "\(outcome.output)")
        embedding.signal(SIGCONT)
        #expect(embedding.ended().status == 0)
        try place.expectFinishedCache()
        try expectSound(place)
      }
    }

    @Test func changedImages() throws {
      try withPlace { place in
        try place.useOwnProposals()
        #expect(try place.run("embed").status == 0)
        let content = try place.cacheContent()
        let vectors = try place.exportVectors(of: place.cache())
        try FileManager.default.removeItem(atPath: place.cache())
        try place.write(place.picture(101), toOld: "\(place.data)/train/3.jpg")

        let refused = try place.importVectors(vectors)
        #expect(refused.status == 65 && refused.complaints.count == 1 && refused.output.isEmpty)
        #expect(
          refused.complaints.first?.hasPrefix(
            "vild: \(vectors)/000000.npz: the file of image 3 is not the one that was embedded "
              + "(expected ") == true, "\(refused.errors)")
        #expect(!place.files().keys.contains { $0.hasSuffix(".zst") })

        let outcome = try place.importVectors(vectors, "--skip-changed")
        #expect(outcome.status == 0 && outcome.complaints.isEmpty, "\(outcome.errors)")
        #expect(outcome.output.contains(": added 7 images, "))
        #expect(outcome.output.contains("\n1 image (3) is left out, as changed since: "))
        #expect(try place.run("embed").status == 0)
        #expect(try place.cacheContent() != content)
        try expectSound(place)
      }
    }

    /// Files that cannot be used add nothing.
    @Test func refusals() throws {
      let finished = try FinishedRun.shared.get().place
      try withPlace { place in
        let vectors = try place.exportVectors(of: finished.cache())
        var outcome = try place.importVectors(vectors)
        place.expect(
          outcome, status: 66,
          "HERE/runs/tiny: there are no proposals, so no vectors can be of them; "
            + "'vild embed --list' makes them and lists what is to be embedded")
        try FileManager.default.removeItem(atPath: place.runs)
        try place.copyFinished("propose")
        outcome = try place.importVectors("\(place.folder)/nowhere.npz")
        #expect(outcome.status == 66 && outcome.complaints.count == 1, "\(outcome.errors)")

        let file = "\(vectors)/000000.npz"
        try flip(bit: try #require(Files.size(of: file)) * 4, in: file)
        outcome = try place.importVectors(vectors)
        #expect(outcome.status == 65 && outcome.complaints.count == 1, "\(outcome.errors)")
        #expect(
          outcome.complaints.first?.hasPrefix(
            "vild: \(file): the columns do not have the checksum they were written with") == true,
          "\(outcome.errors)")
        try flip(bit: try #require(Files.size(of: file)) * 4, in: file)

        try place.replace(
          "images_per_shard: 2", with: "images_per_shard: 2, factors: [1]", in: "pipeline.yaml")
        outcome = try place.importVectors(vectors)
        #expect(outcome.status == 65 && outcome.complaints.count == 1, "\(outcome.errors)")
        #expect(
          outcome.complaints.first?.hasPrefix(
            "vild: \(file): the vectors were made by another recipe (expected recipe ") == true)
        #expect(!Files.exists("\(place.run)/cache"))
      }
    }

    /// Writes the finished run's vectors with one that is the teacher's of nothing.
    private func wrongVectors(_ place: Place) throws -> String {
      let folder = try CacheFolder(FinishedRun.shared.get().place.cache())
      let reader = try CacheReader(folder)
      let other = CacheFolder(root: "\(place.folder)/other", recipe: folder.recipe)
      let cache = try RegionCache.open(other, imageIDs: reader.imageIDs())
      try cache.work { id in
        var record = try reader.record(of: id)
        if id == 3 {
          var vectors = record.regions.vectors
          for i in World.width..<2 * World.width {
            vectors[i] = i % 2 == 0 ? -vectors[i] : vectors[i]
          }
          record.regions = EmbeddedRegions(record.regions.regions, vectors: vectors)
        }
        return record
      }
      try cache.close()
      return try place.exportVectors(of: other.path)
    }

    @Test func theSampleFindsAWrongVector() throws {
      try withPlace { place in
        try place.copyFinished("propose")
        let vectors = try wrongVectors(place)
        #expect(try place.importVectors(vectors).status == 0)
        let cache = try place.cache()
        try expectSound(place)
        func verify(_ more: String...) throws -> Outcome {
          try Vild(
            ["cache", "verify", cache, "--pipeline", place.pipeline, "--data", place.data] + more
          ).ended()
        }
        var outcome = try verify("--sample", "100")
        #expect(outcome.status == 65 && outcome.complaints.count == 1, "\(outcome.errors)")
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.count == 2, "\(lines)")
        #expect(
          lines[0].hasSuffix(", median cosine 1.0000000")
            && lines[0].contains(" regions of 8 images embedded anew, smallest cosine "))
        #expect(
          lines[1].hasPrefix("\(cache): otherEmbedding, images 3: region 1 of image 3 has cosine ")
            && lines[1].hasSuffix(" with what the teacher gives now, below 0.9999"))
        outcome = try verify("--sample", "100%", "--cosine=-1", "--seed", "3")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.hasSuffix("\n\(cache): sound\n"))
        outcome = try verify("--sample", "1", "--json")
        let report = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
        let sample = try #require((report as? [[String: Any]])?.first?["sample"] as? [String: Any])
        #expect(sample["images"] as? Int == 1)
        for more in [
          ["--sample", "0"], ["--sample", "0.5"], ["--sample", "101%"], ["--seed", "1"],
        ] {
          #expect(try Vild(["cache", "verify", cache] + more).ended().status == 64)
        }
      }
    }

    /// Where the cache has vectors already, those of a file are compared.
    @Test func otherVectorsThanTheCaches() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache")
        let outcome = try place.importVectors(wrongVectors(place))
        #expect(outcome.status == 65 && outcome.complaints.count == 1, "\(outcome.errors)")
        #expect(
          outcome.complaints.first?.contains(
            "000000.npz: the cache holds another vector of region 1 of image 3 (expected cosine "
              + "0.9999 or more, got ") == true, "\(outcome.errors)")
        try place.expectFinishedCache()
      }
    }
  }
}
