import Foundation
import Support
import TestSupport
import Testing

extension EndToEnd {
  /// `vild runs` lists outputs, and removes what the pipeline has no use for when it is told to.
  @Suite struct RunsTests {
    private func list(_ place: Place, _ more: [String] = []) throws -> [[String: Any]] {
      let outcome = try Vild(["runs", "--runs", place.runs, "--json"] + more).ended()
      #expect(outcome.status == 0 && outcome.complaints.isEmpty, "\(outcome.errors)")
      let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
      return try #require(object as? [[String: Any]])
    }

    @Test func listsWhatIsThere() throws {
      let place = try FinishedRun.shared.get().place
      let folders = try list(place)
      #expect(
        folders.compactMap { $0["stage"] as? String }
          == [
            "cache", "detect", "distill", "evaluate", "proposal-network", "propose", "report",
            "store",
          ])
      #expect(folders.allSatisfy { $0["isFinished"] as? Bool == true && $0["isUsed"] == nil })
      #expect(folders.allSatisfy { ($0["bytes"] as? Int ?? 0) > 0 })
      let figures = folders.map { $0["figures"] as? [String: Double] ?? [:] }
      #expect(figures[0]["images"] == Double(World.trainImages))
      #expect(figures[2]["steps"] == 8 && figures[2]["loss"] != nil)
      #expect(figures[3].keys.sorted() == ["AP50 all", "AP50 base", "AP50 novel"])
      #expect(figures[7]["images"] == Double(World.valImages))
      // Caches have no file that says.
      #expect(
        folders[1...6].allSatisfy { $0["source"] as? String == place.pipeline })

      let text = try Vild.run("runs", "--runs", place.runs).output
      #expect(text.hasPrefix("folder ") && text.contains("tiny/distill-"))
      #expect(text.contains("AP50 base"))
    }

    @Test func whatOtherChoicesReplacedCanGo() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill", "evaluate", "detect")
        let old = try place.output("distill")
        // What is started from a student stays, whatever the file says.
        #expect(try place.run("distill", "--from", old, "--until-step", "1").status == 0)
        try place.replace("regions_per_image: 4", with: "regions_per_image: 3", in: "pipeline.yaml")
        #expect(try place.run("distill", "--until-step", "1").status == 0)

        let given = ["--pipeline", place.pipeline, "--data", place.data]
        let folders = try list(place, given)
        // The proposals and their network, cache, three students, an evaluation, detections and the
        // regions they were found among, which go with their student.
        #expect(folders.count == 9)
        let gone = folders.filter { $0["isUsed"] as? Bool == false }
        #expect(
          gone.compactMap { $0["stage"] as? String }.sorted()
            == ["detect", "distill", "evaluate", "store"])
        #expect(gone.contains { old.hasSuffix($0["folder"] as? String ?? "-") })

        let outcome = try Vild(["runs", "--runs", place.runs, "--remove"] + given).ended()
        #expect(outcome.status == 0 && outcome.output.contains("can go"), "\(outcome.errors)")
        #expect(!Files.exists(old))
        #expect(try list(place).count == 5)
        // What is left is what the pipeline goes on with.
        let next = try place.run("distill")
        #expect(next.status == 0 && !next.errors.contains("\"unit\":\"images\""))
      }
    }

    @Test func nothingGoesWithoutBeingAsked() throws {
      try withPlace { place in
        #expect(try Vild.run("runs", "--runs", place.runs).status == 66)
        for words in [["--remove"], ["--data", place.data], ["--pipeline", place.pipeline]] {
          let outcome = try Vild(["runs", "--runs", place.folder] + words).ended()
          #expect(outcome.status == 64, "\(words)")
        }
      }
    }
  }
}
