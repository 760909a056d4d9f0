import Datasets
import Foundation
import Support
import TestSupport
import Testing

extension EndToEnd {
  /// `data.words`: the teacher is told other words than a category's name.
  @Suite struct WordsTests {
    private func give(_ words: String, to place: Place) throws {
      try place.replace(
        "split: split.json", with: "split: split.json\n  words: {\(words)}", in: "pipeline.yaml")
    }

    @Test func anUnknownCategoryIsRefused() throws {
      try withPlace { place in
        try give("yelow block: yellow thing", to: place)
        place.expect(
          try place.run("evaluate"), status: 78,
          "data.words: words for a category that the training annotations have not "
            + "(got 'yelow block'); is it 'yellow block'?")
      }
    }

    /// A novel category's words are the evaluation's and the detections' affair, not the training's.
    @Test func aNovelCategoryGetsOtherWords() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill", "evaluate", "detect")
        try give("yellow block: red thing | photo", to: place)
        let outcome = try place.run("evaluate")
        #expect(outcome.status == 0 && outcome.complaints.isEmpty)
        #expect(!outcome.errors.contains("\"unit\":\"steps\""), "the student is still right")
        let names = try FileManager.default.contentsOfDirectory(atPath: place.run)
        #expect(names.filter { $0.hasPrefix("evaluate-") }.count == 2)

        // Detections with other words go elsewhere; the name stays.
        let detected = try FinishedRun.run("detect", in: place)
        let path = String(try #require(detected.output.split(separator: "\n").dropFirst().first))
        let header = try Files.read(path).prefix { $0 != UInt8(ascii: "\n") }
        #expect(String(decoding: header, as: UTF8.self).contains("\"yellow block\""))
        #expect(try detected.output != FinishedRun.shared.get().outcomes["detect"]?.output)
        let scores = try (FileManager.default.contentsOfDirectory(atPath: place.run))
          .filter { $0.hasPrefix("detect-") }
          .map { try Files.read("\(place.run)/\($0)/detections.json") }
        #expect(scores.count == 2 && scores[0] != scores[1])
      }
    }

    /// The words are embedded, under the name.
    @Test func theWordsAreWhatIsEmbedded() throws {
      try withPlace { place in
        func embeddings(_ classes: String) throws -> Data {
          let output = "\(place.folder)/text.safetensors"
          #expect(
            try place.run("teacher text", "--output", output, "--classes", classes).status == 0)
          return try Files.read(output).suffix(2 * World.width * MemoryLayout<Float>.size)
        }
        let plain = try embeddings("yellow block;red block")
        let meant = try embeddings("red thing|photo;red block")
        try give("yellow block: red thing | photo", to: place)
        #expect(try embeddings("yellow block;red block") == meant)
        #expect(meant != plain)
        // Who gives synonyms has said what is meant.
        #expect(try embeddings("yellow block|yellow block;red block") == plain)
      }
    }

    @Test func aBaseCategoryTrainsAnew() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        try give("red block: red thing", to: place)
        let finished = try place.output("distill")
        #expect(try place.run("distill").status == 0)
        let names = try FileManager.default.contentsOfDirectory(atPath: place.run)
        #expect(names.filter { $0.hasPrefix("distill-") }.count == 2)
        #expect(Files.exists("\(finished)/stage.json"))
      }
    }
  }
}
