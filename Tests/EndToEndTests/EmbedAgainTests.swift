import Foundation
import Support
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

extension EndToEnd {
  /// Training images that change, with the user's own proposals: what changed is embedded again and
  /// nothing else, and 'embed', 'cache verify' and 'cache repair' are of one mind.
  @Suite struct EmbedAgainTests {
    /// Eight photographs, all of 20,000 bytes, with boxes of their own; embedded once.
    private func withCache(_ body: (Place) throws -> Void) throws {
      try withPlace { place in
        for id in 1...8 { try place.write(place.picture(id), toOld: image(id, place)) }
        let boxes = try FinishedRun.shared.get().place.output("propose") + "/train.jsonl"
        try FileManager.default.copyItem(atPath: boxes, toPath: "\(place.data)/boxes.jsonl")
        try place.replace(
          "proposals:\n", with: "proposals:\n  file: boxes.jsonl\n", in: "pipeline.yaml")
        try expect(embed(place), "wrote 8 images, ", images: 8, place)
        try body(place)
      }
    }

    private func image(_ id: Int, _ place: Place) -> String { "\(place.data)/train/\(id).jpg" }

    /// Gives every region of an image the same box.
    private func replaceBoxes(of id: Int, by box: [Int], in place: Place) throws {
      let lines = try Files.read("\(place.data)/boxes.jsonl").split(separator: 0x0A).map { line in
        guard var values = try JSONSerialization.jsonObject(with: line) as? [String: Any]
        else { return Data(line) }
        // What is changed by hand has no checksums.
        values["xxh3"] = nil
        if values["version"] != nil { values["version"] = 1 }
        if values["image_id"] as? Int == id, let boxes = values["boxes"] as? [Any] {
          values["boxes"] = boxes.map { _ in box }
        }
        return try JSONSerialization.data(withJSONObject: values)
      }
      try Files.write(
        Data(lines.joined(separator: [0x0A]) + [0x0A]), to: "\(place.data)/boxes.jsonl")
    }

    private func embed(_ place: Place, _ more: String...) throws -> Outcome {
      try Vild(place.arguments("embed", more)).ended()
    }

    /// Expects that all went well, with this at the end, and that the last run that embedded anything
    /// embedded so many images.
    private func expect(
      _ outcome: Outcome, _ beginning: String, images: Int, _ place: Place,
      location: SourceLocation = #_sourceLocation
    ) throws {
      #expect(
        outcome.status == 0 && outcome.complaints.isEmpty, "\(outcome.errors)",
        sourceLocation: location)
      #expect(
        outcome.messages.last?.hasPrefix(beginning) == true, "\(outcome.messages)",
        sourceLocation: location)
      let output = try Vild.run("cache", "stats", "--json", place.cache()).output
      let all = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [[String: Any]]
      let runs = try #require(all?.first?["runs"] as? [[String: Any]])
      #expect(runs.first?["images"] as? Int == images, sourceLocation: location)
    }

    /// The cache is sound, and holds what a new one would.
    private func expectAsNew(_ place: Place) throws {
      let cache = try place.cache()
      #expect(try Vild.run("cache", "verify", cache).output == "\(cache): sound\n")
      let content = try place.cacheContent()
      try FileManager.default.moveItem(atPath: cache, toPath: "\(place.folder)/known")
      #expect(try embed(place).status == 0)
      #expect(try place.cacheContent() == content)
      try FileManager.default.removeItem(atPath: cache)
      try FileManager.default.moveItem(atPath: "\(place.folder)/known", toPath: cache)
    }

    @Test func correctedInPlace() throws {
      try withCache { place in
        try place.write(place.picture(101), toOld: image(3, place))
        let cache = try place.cache()
        let verified = try Vild.run("cache", "verify", "--quick", cache)
        #expect(verified.status == 65 && verified.output.contains("changedImage, images 3: "))
        let outcome = try embed(place)
        #expect(
          outcome.messages.contains(
            "embedding 1 image again whose files or proposals have changed"))
        try expect(outcome, "wrote 8 images, ", images: 1, place)
        try expectAsNew(place)
        try expect(embed(place), "up to date: 8 images, ", images: 1, place)
      }
    }

    @Test func threeVerbsOfOneMind() throws {
      try withCache { place in
        let (cache, path) = (try place.cache(), image(5, place))
        try place.write(place.picture(102), toOld: path)
        let repaired = try Vild.run("cache", "repair", cache)
        #expect(repaired.status == 0)
        #expect(repaired.output.contains("queuedAgain, images 5: their files have changed"))
        #expect(try Vild.run("cache", "verify", cache).output == "\(cache): sound\n")
        try expect(embed(place), "wrote 8 images, ", images: 1, place)
        #expect(try Vild.run("cache", "repair", cache).output == "\(cache): sound\n")
        try expectAsNew(place)
      }
    }

    @Test func touched() throws {
      try withCache { place in
        let content = try place.cacheContent()
        try place.setTime(of: image(3, place), secondsAgo: 1800)
        let cache = try place.cache()
        #expect(try Vild.run("cache", "verify", cache).output == "\(cache): sound\n")
        try expect(embed(place), "up to date: 8 images, ", images: 8, place)
        #expect(try place.cacheContent() == content)
      }
    }

    @Test func otherProposalsOfOneImage() throws {
      try withCache { place in
        try replaceBoxes(of: 2, by: [1, 2, 30, 40], in: place)
        try expect(embed(place), "wrote 8 images, ", images: 1, place)
        try expectAsNew(place)
      }
    }

    /// An image that was annotated upright by mistake: the same file and boxes, other pixels.
    @Test func correctedSizes() throws {
      try withCache { place in
        try place.turn(image(3, place))
        try replaceBoxes(of: 3, by: [10, 10, 50, 50], in: place)
        try expect(embed(place), "wrote 8 images, ", images: 1, place)
        let path = "\(place.data)/train.json"
        var text = try #require(
          JSONSerialization.jsonObject(with: Files.read(path)) as? [String: Any])
        var images = try #require(text["images"] as? [[String: Any]])
        let index = try #require(images.firstIndex { $0["id"] as? Int == 3 })
        (images[index]["width"], images[index]["height"]) = (72, 96)
        text["images"] = images
        try Files.write(JSONSerialization.data(withJSONObject: text), to: path)
        try expect(embed(place), "wrote 8 images, ", images: 1, place)
      }
    }

    @Test func addedAndRemoved() throws {
      try withCache { place in
        try place.write("1\n2\n3\n4\n5\n6\n8\n", to: "data/some.txt")
        try place.replace(
          "train.json}", with: "train.json, images_list: some.txt}", in: "pipeline.yaml")
        try expect(embed(place), "up to date: 7 images, ", images: 8, place)
        try FileManager.default.removeItem(atPath: place.cache())
        try expect(embed(place), "wrote 7 images, ", images: 7, place)
        try place.write("1\n2\n3\n4\n5\n6\n7\n8\n", to: "data/some.txt")
        try expect(embed(place), "wrote 8 images, ", images: 1, place)
        try expectAsNew(place)
      }
    }

    @Test func failedImagesAreTriedAgain() throws {
      try withCache { place in
        let whole = try Files.read(image(4, place))
        try place.write(Data("no picture".utf8), toOld: image(4, place))
        let reason = " 1 of them failed (1 unsupported: not an image that is read here "
        let first = try embed(place)
        try expect(first, "wrote 8 images,\(reason)", images: 1, place)
        let files = place.files().filter { $0.key.hasSuffix(".zst") }
        try expect(embed(place), "up to date: 8 images,\(reason)", images: 1, place)
        #expect(place.files().filter { $0.key.hasSuffix(".zst") } == files)
        try place.write(whole, toOld: image(4, place))
        try expect(embed(place, "--no-retry"), "up to date: 8 images,\(reason)", images: 1, place)
        let mended = try embed(place)
        #expect(mended.messages.contains("trying 1 image again that failed before"))
        try expect(mended, "wrote 8 images, ", images: 1, place)
        #expect(mended.messages.last?.contains("failed") == false)
        try expectAsNew(place)
      }
    }

    @Test func tooManyFailures() throws {
      try withCache { place in
        for id in [2, 6] { try place.write(Data("no picture".utf8), toOld: image(id, place)) }
        for stage in ["embed", "distill"] {
          let outcome = try place.run(stage)
          #expect(outcome.status == 75 && outcome.complaints.count == 1)
          let line = try #require(outcome.complaints.first)
          #expect(
            line.hasPrefix("vild: \(try place.cache()): too many images could not be embedded "))
          #expect(
            line.contains("at most 1 of 8, as regions.failures_allowed says, got 2: 2 unsupp"))
          #expect(line.hasSuffix("or raise regions.failures_allowed"))
        }
        try place.replace(
          "images_per_shard: 2", with: "images_per_shard: 2, failures_allowed: 0.25",
          in: "pipeline.yaml")
        #expect(
          try embed(place).messages.last?.hasPrefix("up to date: 8 images, 2 of them") == true)
      }
    }

    @Test func nothingToTrainOn() throws {
      try withCache { place in
        for id in 1...8 { try place.write(Data("no picture".utf8), toOld: image(id, place)) }
        try place.replace(
          "images_per_shard: 2", with: "images_per_shard: 2, failures_allowed: 1",
          in: "pipeline.yaml")
        place.expect(
          try place.run("distill"), status: 65,
          "HERE/runs/tiny/cache/HASH: no image of the cache can be trained on; "
            + "'vild cache stats' says why")
      }
    }

    @Test func aDeletedShard() throws {
      try withCache { place in
        unlink("\(try place.cache())/shards/000001.zst")
        let outcome = try embed(place)
        #expect(
          outcome.messages.contains(
            "embedding again what was in shards that are not there any more: 1"))
        try expect(outcome, "wrote 8 images, ", images: 2, place)
        try expectAsNew(place)
      }
    }
  }
}
