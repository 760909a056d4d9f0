import Datasets
import Foundation
import Regions
import Support
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

extension EndToEnd {
  /// Proposals are derived from a network that is trained once; or they are the user's own.
  @Suite struct ProposeTests {
    private let steps = "\"unit\":\"steps\""

    private func boxes(_ place: Place, _ part: String = "train") throws -> [Proposals] {
      try ProposalsReader(path: "\(place.output("propose"))/\(part).jsonl").readAll()
    }

    private func clear(_ place: Place) throws {
      try FileManager.default.removeItem(atPath: place.output("propose"))
    }

    @Test func otherBoxesOfTheSameNetwork() throws {
      try withPlace { place in
        try place.copyFinished("propose")
        let before = try boxes(place)
        for (old, new) in [
          ("top: 4", "top: 2"), ("top: 2", "nms_threshold: 0.1"),
          ("  nms_threshold: 0.1\n  long_side: 96", "  long_side: 64"),
        ] {
          try clear(place)
          try place.replace(old, with: new, in: "pipeline.yaml")
          let outcome = try place.run("propose")
          #expect(outcome.status == 0 && !outcome.errors.contains(steps), "\(outcome.errors)")
          let after = try boxes(place)
          if new == "top: 2" {
            #expect(
              after
                == before.map {
                  Proposals(imageID: $0.imageID, regions: Array($0.regions.prefix(2)))
                })
          } else {
            #expect(after != before)
          }
        }
        try place.replace(
          "training: {epochs: 1,", with: "training: {epochs: 2,", in: "pipeline.yaml")
        try clear(place)
        let outcome = try place.run("propose")
        #expect(outcome.status == 0 && outcome.errors.contains(steps))
      }
    }

    /// Nor do other validation images or novel categories train it, or the student that starts from it.
    @Test func otherValidationTrainsNothing() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache")
        try place.replace(
          "student:\n", with: "student:\n  initial_weights: proposal_network\n",
          in: "pipeline.yaml")
        #expect(try place.run("distill").status == 0)
        let before = try Files.read("\(place.output("propose"))/train.jsonl")
        try clear(place)
        try place.replace("\"bbox\":[4,", with: "\"bbox\":[3,", in: "data/val.json")
        let outcome = try place.run("evaluate")
        #expect(outcome.status == 0 && !outcome.errors.contains(steps), "\(outcome.errors)")
        #expect(try Files.read("\(place.output("propose"))/train.jsonl") == before)

        try clear(place)
        try place.replace(
          ",\"novel\":[\"yellow block\"]", with: ",\"novel\":[]", in: "data/split.json")
        let again = try place.run("propose")
        #expect(again.status == 0 && !again.errors.contains(steps), "\(again.errors)")
      }
    }

    @Test func theNetworkIsTrainedByOneProcess() throws {
      try withPlace { place in
        try place.copyFinished("propose")
        let network = try place.output("proposal-network")
        try clear(place)
        try FileManager.default.removeItem(atPath: "\(network)/stage.json")
        let lock = open("\(network)/lock", O_RDWR | O_CREAT, 0o644)
        defer { close(lock) }
        #expect(flock(lock, LOCK_EX | LOCK_NB) == 0)
        place.expect(
          try place.run("propose"), status: 75,
          "HERE/runs/tiny/proposal-network-HASH: another run of 'proposal-network' is at work here; "
            + "wait for it, or stop it and start again: it continues where it was")
      }
    }

    // MARK: - The user's own

    /// The annotated boxes of base categories, as if another project had found exactly them.
    private func writeBaseObjects(of part: String, in place: Place, to file: String) throws {
      let dataset = try COCODataset(path: "\(place.data)/\(part).json")
      let lines = dataset.images.map { image in
        let found = dataset.annotations(of: image.id).filter { $0.categoryID <= World.base.count }
        let boxes = found.map { "[\($0.box.x0),\($0.box.y0),\($0.box.x1),\($0.box.y1)]" }
        let scores = found.map { _ in "0.5" }
        return "{\"image_id\":\(image.id),\"boxes\":[\(boxes.joined(separator: ","))],"
          + "\"scores\":[\(scores.joined(separator: ","))]}\n"
      }
      try place.write(
        "{\"format\":\"vild-proposals\",\"version\":1,\"label_set\":[\"red block\"],"
          + "\"source\":\"elsewhere\",\"nms\":0.9,\"top\":6,\"images\":\(lines.count)}\n"
          + lines.joined(), to: "data/\(file)")
    }

    /// The rows "base 100.0 ..." and so on of every table in `output`.
    private func rows(_ output: String) -> [[String]] {
      output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        .filter { ["base", "novel", "all"].contains($0.first) }
    }

    @Test func recallOfTheUsersOwn() throws {
      try withPlace { place in
        try writeBaseObjects(of: "train", in: place, to: "train.jsonl")
        try place.replace("  top: 4", with: "  file: train.jsonl", in: "pipeline.yaml")
        var outcome = try place.run("propose")
        #expect(outcome.status == 0 && outcome.complaints.isEmpty, "\(outcome.errors)")
        // Three blocks an image, of four colours in turn.
        let trained = [
          ["base", "18", "100.0", "100.0", "100.0"], ["novel", "6", "0.0", "0.0", "0.0"],
          ["all", "24", "75.0", "75.0", "75.0"],
        ]
        #expect(outcome.output.hasPrefix("8 training images, 18 proposals\n"))
        #expect(rows(outcome.output) == trained)

        try writeBaseObjects(of: "val", in: place, to: "val.jsonl")
        try clear(place)
        try place.replace(
          "  file: train.jsonl", with: "  file: train.jsonl\n  val_file: val.jsonl",
          in: "pipeline.yaml")
        outcome = try place.run("propose")
        let validated = [
          ["base", "9", "100.0", "100.0", "100.0"], ["novel", "3", "0.0", "0.0", "0.0"],
          ["all", "12", "75.0", "75.0", "75.0"],
        ]
        #expect(outcome.output.contains("\n4 validation images, 9 proposals\n"))
        #expect(rows(outcome.output) == trained + validated)
        #expect(try place.run("propose").output == outcome.output)

        // The table of an evaluation ends with it.
        let evaluation = try place.run("evaluate")
        #expect(evaluation.status == 0, "\(evaluation.errors)")
        #expect(rows(evaluation.output).suffix(3) == validated[...])
      }
    }

    @Test func proposalsOfAnUnknownImage() throws {
      try withPlace { place in
        try writeBaseObjects(of: "train", in: place, to: "train.jsonl")
        try writeBaseObjects(of: "train", in: place, to: "val.jsonl")
        try place.replace(
          "  top: 4", with: "  file: train.jsonl\n  val_file: val.jsonl", in: "pipeline.yaml")
        place.expect(
          try place.run("propose"), status: 65,
          "HERE/data/val.jsonl line 2: image_id: none of the proposals is of an image of the data set "
            + "(expected the ids of its images, got 1)")
        #expect(place.unfinished("propose") == [])
      }
    }
  }
}
