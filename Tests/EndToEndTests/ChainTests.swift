import Datasets
import Detection
import Foundation
import Images
import Regions
import Support
import TestSupport
import Testing

extension EndToEnd {
  /// Every stage does its work once, and says so the second time.
  @Suite struct ChainTests {
    let finished: FinishedRun
    var place: Place { finished.place }

    init() throws { finished = try FinishedRun.shared.get() }

    @Test(arguments: FinishedRun.stages)
    func succeeds(stage: String) throws {
      let outcome = try #require(finished.outcomes[stage])
      #expect(outcome.status == 0 && !outcome.wasKilled)
      #expect(outcome.complaints.isEmpty)
    }

    @Test func proposalsNameTheBaseCategories() throws {
      let folder = try place.output("propose")
      for (name, count) in [("train", World.trainImages), ("val", World.valImages)] {
        let reader = try ProposalsReader(path: "\(folder)/\(name).jsonl")
        #expect(reader.header.labelSet == World.base)
        let all = try reader.readAll()
        #expect(all.count == count)
        #expect(all.allSatisfy { (1...4).contains($0.regions.count) })
      }
      #expect(finished.outcomes["propose"]?.output.contains("novel") == true)
    }

    @Test func cacheIsACatalogueWithShards() throws {
      let cache = try place.cache()
      let catalogue = try Files.read("\(cache)/catalogue.sqlite")
      #expect(catalogue.starts(with: Data("SQLite format 3\0".utf8)))
      let shards = try FileManager.default.contentsOfDirectory(atPath: "\(cache)/shards")
      #expect(shards.count == World.trainImages / 2)
      let verified = try Vild.run("cache", "verify", cache)
      #expect(verified.status == 0 && verified.output == "\(cache): sound\n")
      let known = try Vild.run("cache", "info", "\(place.run)/cache")
      #expect(known.output.contains("  images   8 of 8, 0 failed\n"))
    }

    @Test func trainingLogHasEveryStepOnce() throws {
      #expect(try steps(of: place.output("distill")) == Array(0..<8))
      #expect(try steps(of: place.output("proposal-network")) == Array(0..<4))
    }

    @Test func detectionsLoad() throws {
      let output = try #require(finished.outcomes["detect"]).output
      let paths = output.split(separator: "\n").map(String.init)
      #expect(
        paths.map { ($0 as NSString).lastPathComponent }
          == ["detections.json", "detections.jsonl", "pictures"])
      let results = try JSONSerialization.jsonObject(with: Files.read(paths[0]))
      let records = try #require(results as? [[String: Any]])
      #expect(!records.isEmpty)
      for record in records {
        #expect((record["bbox"] as? [Double])?.count == 4)
        #expect((1...4).contains(record["category_id"] as? Int ?? 0))
        #expect((1...World.valImages).contains(record["image_id"] as? Int ?? 0))
        #expect((0...1).contains(record["score"] as? Double ?? -1))
      }
      let reader = try DetectionFile.Reader(path: paths[1])
      #expect(reader.header.categories == World.categories)
      var images: [String] = []
      while let row = try reader.next() { images.append(row.image) }
      #expect(images == ["101.jpg", "102.jpg", "103.jpg", "104.jpg"])
      for image in images {
        let picture = try Image.read("\(paths[2])/\(image)", orientation: .stored)
        #expect(picture.width == 96 && picture.height == 72)
      }
    }

    @Test func evaluationReports() throws {
      let output = try #require(finished.outcomes["evaluate"]).output
      for group in ["base ", "novel ", "all "] { #expect(output.contains("\n\(group)")) }
      let folder = try place.output("evaluate")
      let table = try Files.read("\(place.results())/table.txt")
      #expect(output == String(decoding: table, as: UTF8.self))
      // The same numbers from the files alone, without a pipeline.
      let again = try Vild.run(
        "evaluate", "--detections", "\(folder)/detections.json", "--annotations",
        "\(place.data)/val.json", "--split", "\(place.data)/split.json")
      #expect(again.status == 0)
      #expect(output.hasPrefix(again.output))
    }

    @Test func teacherAccuracyIsPrinted() throws {
      try withPlace { place in
        let outcome = try place.run("teacher accuracy", "--min-side", "0")
        #expect(outcome.status == 0 && outcome.complaints.isEmpty)
        #expect(outcome.output.hasPrefix("teacher accuracy over 12 annotated boxes"))
        #expect(outcome.output.contains(" 4 names: top-1 "))
        let json = try place.run("teacher accuracy", "--min-side", "0", "--json")
        let object = try #require(
          try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        let groups = try #require(object["groups"] as? [[String: Any]])
        #expect(groups.map { $0["name"] as? String } == ["base", "novel", "all"])
        #expect(groups.map { $0["objects"] as? Int } == [9, 3, 12])
        let categories = try #require(object["categories"] as? [[String: Any]])
        #expect(categories.map { $0["name"] as? String } == World.categories)
        // The table's rows have the same numbers.
        for category in categories {
          let name = try #require(category["name"] as? String)
          let row = try #require(outcome.output.split(separator: "\n").first { $0.hasPrefix(name) })
          let wrong = (category["wrong"] as? [String: Any]).map {
            "\($0["name"] as? String ?? "") (\($0["objects"] as? Int ?? 0))"
          }
          let shares = ["top1", "top5"].map {
            String(format: "%.1f", 100 * (category[$0] as? Double ?? -1))
          }
          let cells = row.dropFirst(name.count).split(separator: " ").map(String.init)
          #expect(
            cells
              == [name == "yellow block" ? "novel" : "base", "3"] + shares
              + (wrong ?? "-").split(separator: " ").map(String.init))
        }
        place.expect(
          try place.run("teacher accuracy", "--min-side", "90"), status: 65,
          "HERE/data/val.json: no object is left to name (expected annotated boxes with a longer side "
            + "of at least 90.0 pixels); choose a smaller --min-side")
        place.expect(
          try place.run("teacher accuracy", "--min-visible", "0.5"), status: 65,
          "HERE/data/val.json: annotation 1 does not tell how much of it is visible "
            + "(expected the key 'visible', 0 to 1); leave --min-visible out")
      }
    }

    @Test func secondRunDoesNothing() throws {
      // SQLite makes these where it reads; a receipt is left once nothing is too young to tell.
      func isOutput(_ file: (key: String, value: Date)) -> Bool {
        !file.key.hasPrefix(".receipts/") && !file.key.hasSuffix("/catalogue.sqlite-shm")
          && !file.key.hasSuffix("/catalogue.sqlite-wal")
      }
      let before = place.files()
      for stage in FinishedRun.stages {
        let first = try #require(finished.outcomes[stage])
        let outcome = try FinishedRun.run(stage, in: place)
        #expect(outcome.status == 0 && outcome.complaints.isEmpty)
        #expect(outcome.output == first.output)
        #expect(outcome.messages.last?.hasPrefix("up to date: ") == true, "\(outcome.errors)")
      }
      #expect(place.files().filter(isOutput) == before.filter(isOutput))
    }

    @Test func aChangedChoiceRunsWhatDependsOnIt() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill", "detect")
        try place.replace("limit: 10", with: "limit: 9", in: "pipeline.yaml")
        let outcome = try FinishedRun.run("detect", in: place)
        #expect(outcome.status == 0)
        #expect(outcome.messages.last?.hasPrefix("4 images, 36 detections") == true)
        #expect(!outcome.errors.contains("\"unit\":\"steps\""), "the student is still right")
      }
    }
  }
}

/// The steps in a training log; lines of another kind have no loss.
func steps(of folder: String) throws -> [Int] {
  try Files.read("\(folder)/log.jsonl").split(separator: UInt8(ascii: "\n")).compactMap { line in
    let object = try JSONSerialization.jsonObject(with: line) as? [String: Any]
    let step = try #require(object?["step"] as? Int)
    return object?["loss"] == nil ? nil : step
  }
}
