import Foundation
import Support
import TestSupport
import Testing

extension EndToEnd {
  /// Which detections are drawn and counted, and that changing it detects nothing again.
  @Suite struct DrawThresholdTests {
    private func summary(_ place: Place) throws -> [String: Any] {
      let data = try Files.read("\(place.output("detect"))/summary.json")
      return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    private func source(_ place: Place) throws -> String? {
      let confident = try summary(place)["confident"] as? [String: Any]
      return (confident?["thresholds"] as? [String: Any])?["source"] as? String
    }

    private func confident(_ place: Place) throws -> Int? {
      (try summary(place)["confident"] as? [String: Any])?["detections"] as? Int
    }

    @Test func scoresOfTheValidationWhereThereIsOne() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        try place.replace(", draw_threshold: 0}", with: "}", in: "pipeline.yaml")
        let before = try FinishedRun.run("detect", in: place)
        #expect(before.status == 0, "\(before.errors)")
        #expect(try source(place) == "default")
        #expect(
          before.messages.contains {
            $0
              == "pictures show detections of score 0.30 or more; 'vild evaluate' finds better scores"
          }, "\(before.errors)")
        let detections = try Files.read("\(place.output("detect"))/detections.jsonl")

        let evaluated = try place.run("evaluate")
        #expect(evaluated.status == 0, "\(evaluated.errors)")
        #expect(evaluated.messages.contains { $0.contains(" detections from score ") })
        let report = try #require(
          try JSONSerialization.jsonObject(
            with: Files.read("\(place.results())/report.json")) as? [String: Any])
        let evaluation = try #require((report["evaluations"] as? [[String: Any]])?.first)
        let thresholds = try #require(evaluation["thresholds"] as? [String: Any])
        let all = (thresholds["all"] as? [String: Any])?["score"] as? Double

        let after = try FinishedRun.run("detect", in: place)
        #expect(after.status == 0 && after.output == before.output)
        #expect(!after.errors.contains("\"unit\":\"images\""), "nothing is detected again")
        #expect(try Files.read("\(place.output("detect"))/detections.jsonl") == detections)
        // A student of eight steps may find nothing.
        #expect(try source(place) == (all == nil ? "default" : "validation"))
        if let all {
          let score =
            ((try summary(place)["confident"] as? [String: Any])?["thresholds"] as? [String: Any])?[
              "score"] as? Double
          #expect(score == all)
        }
        #expect(
          try FinishedRun.run("detect", in: place).messages.last?.hasPrefix("up to date: ") == true)
      }
    }

    /// The student's 40 detections are drawn from a score of 0 on, none of them from 1 on.
    @Test func theKeyDecides() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill", "evaluate")
        #expect(try FinishedRun.run("detect", in: place).status == 0)
        #expect(try source(place) == "pipeline_file" && confident(place) == 40)
        let picture = "\(try place.output("detect"))/pictures/101.jpg"
        let full = try Files.read(picture)
        try place.replace("draw_threshold: 0", with: "draw_threshold: 1", in: "pipeline.yaml")
        let outcome = try FinishedRun.run("detect", in: place)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(!outcome.errors.contains("\"unit\":\"images\""), "nothing is detected again")
        #expect(
          outcome.messages.first { $0.hasPrefix("pictures") }
            == "pictures show detections of score 1.00 or more")
        #expect(outcome.messages.contains("0 detections from score 1.00 on"))
        #expect(try confident(place) == 0)
        #expect(try Files.read(picture) != full, "it is drawn again")
        #expect(try place.run("evaluate").messages.last?.hasPrefix("wrote ") == true)
        _ = try place.output("evaluate")
      }
    }

    /// Pictures that were not asked for are made later.
    @Test func picturesAfterwards() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        let corpus = "\(place.folder)/corpus"
        try FileManager.default.copyItem(atPath: "\(place.data)/val", toPath: corpus)
        let first = try place.run("detect", "--corpus", corpus, "--no-pictures")
        #expect(first.status == 0, "\(first.errors)")
        let folder = try place.output("detect")
        #expect(!Files.exists("\(folder)/pictures"))
        #expect(try summary(place)["pictures"] as? Bool == false)
        let second = try place.run("detect", "--corpus", corpus)
        #expect(second.status == 0 && !second.errors.contains("\"unit\":\"images\""))
        #expect(Files.exists("\(folder)/pictures/101.jpg"))
        // Without pictures nothing is left to do.
        let third = try place.run("detect", "--corpus", corpus, "--no-pictures")
        #expect(third.messages.last?.hasPrefix("up to date: ") == true)
        #expect(third.output.split(separator: "\n").count == 2)
      }
    }
  }
}
