import Datasets
import Foundation
import Images
import Regions
import Support
import TestSupport
import Testing

extension EndToEnd {
  /// `embed --list`: all that another program needs to compute what the cache is to hold.
  @Suite struct EmbedListTests {
    private func numbers(_ value: Any?) throws -> [Double] {
      try #require(value as? [NSNumber]).map(\.doubleValue)
    }

    @Test func whatTheTeacherWouldSee() throws {
      let finished = try FinishedRun.shared.get().place
      try withPlace { place in
        try place.copyFinished("propose")
        let before = place.files().keys.sorted()
        let (head, images) = try place.list()
        #expect(place.files().keys.sorted() == before, "nothing is embedded")
        #expect(head["vild"] as? String == "embedding list" && head["version"] as? Int == 1)
        #expect(head["folder"] as? String == "\(place.data)/train")
        #expect(head["images"] as? Int == 8 && head["cropsPerRegion"] as? Int == 2)
        #expect(head["dimension"] as? Int == World.width)
        #expect(head["combination"] as? String == "unitSum")
        let hash = try #require(head["recipeHash"] as? String)
        #expect(try finished.cache().hasSuffix("/\(hash.prefix(12))"))
        #expect(Fingerprint.data(Data(try #require(head["recipe"] as? String).utf8)) == hash)
        let input = try #require(head["input"] as? [String: Any])
        #expect(
          Set(input.keys) == ["size", "side", "filter", "fit", "mean", "deviation"], "\(input)")
        #expect(
          input["fit"] as? String == "squash" && input["side"] as? Int == input["size"] as? Int)

        let proposals = try ProposalsReader(path: "\(place.output("propose"))/train.jsonl")
        let due = try proposals.readAll()
        #expect(images.map { $0["id"] as? Int } == due.map(\.imageID))
        for (line, due) in zip(images, due) {
          let file = try #require(line["file"] as? String)
          #expect(file == "\(due.imageID).jpg")
          #expect(try line["sha256"] as? String == Fingerprint.file("\(place.data)/train/\(file)"))
          #expect(line["width"] as? Int == 96 && line["height"] as? Int == 72)
          #expect(line["orientation"] as? Int == 1)
          let boxes = try #require(line["boxes"] as? [Any]).map(numbers)
          // As a reader in single precision has them.
          #expect(
            boxes.map { $0.map { Float($0) } }
              == due.regions.boxes.map { [$0.x0, $0.y0, $0.x1, $0.y1] })
          #expect(try numbers(line["scores"]).map { Float($0) } == due.regions.scores)
          let crops = try #require(line["crops"] as? [[Any]]).map { try $0.map(numbers) }
          #expect(
            crops
              == due.regions.map { region in
                CropRule().crops(of: region.box, imageWidth: 96, imageHeight: 72)
                  .map { [$0.x0, $0.y0, $0.x1, $0.y1].map(Double.init) }
              })
        }
        let outputs = try (0..<2).map { _ in try place.run("embed", "--list").output }
        #expect(outputs[0] == outputs[1])
      }
    }

    @Test func whatIsMissingAlone() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache")
        #expect(try place.list().images.isEmpty)
        #expect(try place.list("--all").images.count == 8)
        unlink("\(try place.cache())/shards/000001.zst")
        #expect(try place.list().images.map { $0["id"] as? Int } == [3, 4])
      }
    }

    /// Photographs that are turned, changed or no photographs.
    @Test func otherImages() throws {
      try withPlace { place in
        try place.useOwnProposals()
        #expect(try place.run("embed").status == 0)
        try place.turn("\(place.data)/train/3.jpg")
        try Files.write(Data("no picture".utf8), to: "\(place.data)/train/5.jpg")
        let outcome = try place.run("embed", "--list")
        #expect(
          outcome.messages.last?.contains("; 1 cannot be read and are left to 'vild embed': ")
            == true, "\(outcome.errors)")
        let (head, images) = try place.list()
        #expect(head["images"] as? Int == 2 && images.count == 2)
        #expect(images[0]["id"] as? Int == 3 && images[0]["orientation"] as? Int == 6)
        #expect(images[0]["width"] as? Int == 96 && images[0]["height"] as? Int == 72)
        #expect(Set(images[1].keys) == ["id", "file", "error"])
        let error = try #require(images[1]["error"] as? String)
        #expect(error.hasPrefix("\(place.data)/train/5.jpg: not an image that is read here"))
      }
    }

    @Test(arguments: [
      (["--all"], "Error: --all goes with --list"),
      (
        ["--list", "--plan"], "Error: --list embeds nothing: leave --plan, --workers and parts out"
      ),
      (
        ["--list", "--part", "0/2", "--pool", "pool"],
        "Error: --list embeds nothing: leave --plan, --workers and parts out"
      ),
    ])
    func wrongArguments(arguments: [String], line: String) throws {
      try withPlace { place in
        let outcome = try Vild(place.arguments("embed", arguments)).ended()
        #expect(outcome.status == 64 && outcome.complaints.first == line, "\(outcome.errors)")
      }
    }
  }
}
