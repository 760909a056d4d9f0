import Datasets
import Foundation
import Regions
import Support
import TestSupport
import Testing

extension EndToEnd {
  /// `embed --plan` says what embedding will take and leaves nothing behind.
  @Suite struct EmbedPlanTests {
    private func plan(_ place: Place) throws -> [String: Any] {
      let outcome = try place.run("embed", "--plan", "--json")
      #expect(outcome.status == 0 && outcome.complaints.isEmpty)
      let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
      return try #require(object as? [String: Any])
    }

    @Test func measuresWithoutEmbedding() throws {
      try withPlace { place in
        try place.copyFinished("propose")
        let before = place.files().keys.sorted()
        let plan = try plan(place)
        #expect(place.files().keys.sorted() == before)

        let proposals = try ProposalsReader(path: "\(place.output("propose"))/train.jsonl")
        let regions = try proposals.readAll().reduce(0) { $0 + $1.regions.count }
        #expect(plan["images"] as? Int == World.trainImages)
        #expect(plan["imagesDone"] as? Int == 0)
        #expect(plan["regions"] as? Int == regions)
        #expect(plan["crops"] as? Int == 2 * regions)
        #expect(plan["regionsAreEstimated"] as? Bool == false)
        #expect(plan["bytesPerRegionIsMeasured"] as? Bool == false)
        #expect(plan["diskIsLargeEnough"] as? Bool == true)

        let time = try #require(plan["time"] as? [String: Any])
        let shares = ["decodeShare", "cropShare", "towerShare"].compactMap { time[$0] as? Double }
        #expect(shares.count == 3 && abs(shares.reduce(0, +) - 1) < 1e-9)
        let range = ["secondsLow", "seconds", "secondsHigh"].compactMap { time[$0] as? Double }
        #expect(range.count == 3 && range[0] <= range[1] + 1e-9 && range[1] <= range[2] + 1e-9)
        let rate = try #require(time["cropsPerSecond"] as? Double)
        let seconds = try #require(time["seconds"] as? Double)
        #expect(abs(rate * seconds - Double(2 * regions)) < 1e-6)
        // Every image of so small a world, with one region: this teacher takes one crop at a time.
        #expect(time["sampledImages"] as? Int == World.trainImages)
        #expect(time["sampledCrops"] as? Int == 2 * World.trainImages)
      }
    }

    @Test func promisesTheBytesThatAreTaken() throws {
      let finished = try FinishedRun.shared.get().place
      var taken = 0
      let shards = "\(try finished.cache())/shards"
      for name in try FileManager.default.contentsOfDirectory(atPath: shards) {
        taken += try Files.read("\(shards)/\(name)").count
      }
      try withPlace { place in
        try place.copyFinished("propose")
        let needed = try #require(try plan(place)["bytesNeeded"] as? Int)
        #expect((taken...4 * taken).contains(needed), "\(needed) for \(taken)")
      }
    }

    @Test func nothingIsLeft() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache")
        let plan = try plan(place)
        #expect(plan["imagesDone"] as? Int == World.trainImages)
        #expect(plan["regions"] as? Int == 0)
        #expect(plan["bytesNeeded"] as? Int == 0)
        #expect(plan["bytesPerRegionIsMeasured"] as? Bool == true)
        #expect(plan["time"] == nil)
      }
    }

    @Test func isReadable() throws {
      try withPlace { place in
        try place.copyFinished("propose")
        let lines = try place.run("embed", "--plan").output.split(separator: "\n")
        let words = lines.map { $0.prefix { $0 != " " } }
        #expect(words == ["cache", "images", "regions", "disk", "time", "", "memory"])
        #expect(lines[1] == "images   8, 0 of them done")
      }
    }

    @Test func imagesThatCannotBeReadHaveNoTime() throws {
      try withPlace { place in
        try place.copyFinished("propose")
        for id in 1...World.trainImages {
          // Of the same size, or the proposals would be others.
          let path = "data/train/\(id).jpg"
          let size = try Files.read("\(place.folder)/\(path)").count
          try place.write(String(repeating: "x", count: size), to: path)
        }
        let plan = try plan(place)
        #expect(plan["images"] as? Int == World.trainImages && plan["time"] == nil)
      }
    }

    @Test func withoutProposalsTheMostThereMayBe() throws {
      try withPlace { place in
        let plan = try plan(place)
        // What the text tower said is kept for the next time.
        #expect(place.files().keys.allSatisfy { $0.contains(".text") } && plan["cache"] == nil)
        #expect(plan["regions"] as? Int == 4 * World.trainImages)
        #expect(plan["regionsAreEstimated"] as? Bool == true)
        #expect((plan["time"] as? [String: Any])?["sampledImages"] as? Int == World.trainImages)
        let text = try place.run("embed", "--plan").output
        #expect(text.contains("regions  at most 32 to embed, 64 crops"))
      }
    }

    @Test(.enabled(if: Mount.isPossible))
    func diskIsTooSmall() throws {
      try withPlace { place in
        try place.copyFinished("propose")
        let cache = "\(place.run)/cache"
        try withMount(at: cache, options: "size=1m") {
          for arguments in [["--plan"], [], ["--workers", "2"]] {
            let outcome = try Vild(place.arguments("embed", arguments)).ended()
            #expect(outcome.status == 75 && outcome.complaints.count == 1, "\(outcome.errors)")
            let line = try #require(outcome.complaints.first)
            #expect(
              line.contains(
                ": the disk is too small for the embeddings (expected 1.1 MB free, got"),
              "\(line)")
            #expect(outcome.output.contains(" needed (") == arguments.contains("--plan"))
          }
          #expect(place.files().keys.allSatisfy { !$0.contains(".zst") })
        }
      }
    }

    @Test(arguments: [
      (["--json"], "Error: --json goes with --plan"),
      (["--workers", "0"], "Error: 1 to 256 workers"),
    ])
    func wrongArguments(arguments: [String], line: String) throws {
      try withPlace { place in
        let outcome = try Vild(place.arguments("embed", arguments)).ended()
        #expect(outcome.status == 64 && outcome.complaints.first == line)
      }
    }
  }
}
