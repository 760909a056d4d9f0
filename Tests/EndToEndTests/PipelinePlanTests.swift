import Foundation
import Support
import TestSupport
import Testing

extension EndToEnd {
  /// `vild plan` says what all stages will take and leaves nothing behind.
  @Suite struct PipelinePlanTests {
    private func plan(
      _ place: Place, _ more: String..., status: Int32 = 0
    ) throws -> (plan: [String: Any], stages: [[String: Any]]) {
      let outcome = try Vild(place.arguments("plan", ["--json"] + more)).ended()
      #expect(outcome.status == status && outcome.complaints.isEmpty, "\(outcome.errors)")
      let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
      let plan = try #require(object as? [String: Any])
      return (plan, try #require(plan["stages"] as? [[String: Any]]))
    }

    @Test func beforeAnythingHasRun() throws {
      let finished = try FinishedRun.shared.get().place
      try withPlace { place in
        let (plan, stages) = try plan(place)
        #expect(place.files().keys.allSatisfy { $0.contains(".text") })
        let names = stages.map { $0["stage"] as? String }
        #expect(names == ["propose", "embed", "distill", "evaluate"])
        #expect(stages.allSatisfy { $0["state"] as? String == "missing" })
        #expect(stages.map { $0["images"] as? Int } == [12, 8, 8, 4])
        #expect(stages.map { $0["steps"] as? Int } == [4, nil, 8, nil])
        #expect(stages[1]["regions"] as? Int == 32)
        #expect(stages[1]["regionsAreEstimated"] as? Bool == true)
        // Where the first outputs will be is known.
        #expect(
          try (stages[0]["folder"] as? String)?.hasSuffix(
            (finished.output("propose") as NSString).lastPathComponent) == true)
        #expect(stages.dropFirst().allSatisfy { $0["folder"] == nil })
        for stage in stages {
          let range = try #require(stage["seconds"] as? [String: Double])
          #expect(range["low"]! <= range["expected"]! && range["expected"]! <= range["high"]!)
          #expect((stage["cpuSeconds"] as? Double ?? 0) > 0)
          #expect((stage["diskBytes"] as? Int ?? 0) > 0)
          #expect((stage["peakBytes"] as? Int ?? 0) > 1 << 20)
        }
        #expect(
          plan["diskBytes"] as? Int
            == stages.compactMap { $0["diskBytes"] as? Int }.reduce(0, +))
        #expect(plan["peakBytes"] as? Int == stages.compactMap { $0["peakBytes"] as? Int }.max())

        // The proposal network's memory is what its training takes.
        let log = try Files.read("\(finished.output("proposal-network"))/log.jsonl")
        let line = try #require(log.split(separator: UInt8(ascii: "\n")).last)
        let last = try #require(JSONSerialization.jsonObject(with: line) as? [String: Any])
        let taken = try #require(last["peak_resident_bytes"] as? Double)
        let promised = try #require(stages[0]["peakBytes"] as? Double)
        #expect(abs(promised / taken - 1) < 0.25, "\(promised) promised, \(taken) taken")
      }
    }

    @Test func stagesThatHaveBegunOrAreFinished() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache")
        #expect(try place.run("distill", "--until-step", "6").status == 0)
        let before = place.files().keys.sorted()
        let stages = try plan(place).stages
        #expect(place.files().keys.sorted() == before)
        #expect(
          stages.map { $0["state"] as? String } == ["finished", "finished", "begun", "missing"])
        #expect(stages[2]["stepsDone"] as? Int == 6)
        #expect(try stages[2]["folder"] as? String == place.output("distill"))
        #expect(stages[0]["seconds"] == nil && stages[0]["diskBytes"] as? Int == 0)
        #expect((stages[3]["sample"] as? String)?.contains("not trained") == true)

        let one = try plan(place, "--stage", "distill").stages
        #expect(one.map { $0["stage"] as? String } == ["distill"])
      }
    }

    @Test func nothingIsLeft() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill", "evaluate")
        let outcome = try place.run("plan")
        #expect(outcome.status == 0 && outcome.complaints.isEmpty)
        let lines = outcome.output.split(separator: "\n")
        #expect(
          lines.first?.split(separator: " ").prefix(4) == ["stage", "state", "images", "steps"])
        #expect(lines.dropFirst().prefix(4).allSatisfy { $0.contains(" finished ") })
        #expect(lines.last == "nothing is left to do")
      }
    }

    /// Only what the pipeline needs is planned.
    @Test func otherMethodsNeedOtherStages() throws {
      try withPlace { place in
        try place.copyFinished("propose")
        try place.replace(
          "student:\n", with: "student:\n  method: vild_text\n", in: "pipeline.yaml")
        #expect(
          try plan(place).stages.map { $0["stage"] as? String } == [
            "propose", "distill", "evaluate",
          ])
        try place.replace(
          "detection: {", with: "detection: {classifier: teacher_crops, ", in: "pipeline.yaml")
        #expect(
          try plan(place).stages.map { $0["stage"] as? String } == ["propose", "evaluate"])
      }
    }

    /// What a stage would refuse the plan refuses.
    @Test func wrongInputsAreRefused() throws {
      try withPlace { place in
        try FileManager.default.removeItem(atPath: "\(place.data)/teacher/vocab.txt")
        place.expect(
          try place.run("plan"), status: 66,
          "HERE/data/teacher/vocab.txt: cannot read (got No such file or directory)")
        #expect(place.files().isEmpty)
      }
    }
  }
}
