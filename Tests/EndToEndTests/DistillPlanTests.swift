import Foundation
import Support
import TestSupport
import Testing

extension EndToEnd {
  /// `distill --plan` says what training will take and leaves nothing behind.
  @Suite struct DistillPlanTests {
    @Test func promisesTheStepsAndTheMemory() throws {
      let finished = try FinishedRun.shared.get().place
      let lines = try String(
        decoding: Files.read("\(finished.output("distill"))/log.jsonl"), as: UTF8.self
      ).split(separator: "\n")
      let last = try #require(
        JSONSerialization.jsonObject(with: Data(lines.last!.utf8)) as? [String: Any])
      let (taken, resident, steps) = (
        try #require(last["peak_tensor_bytes"] as? Double),
        try #require(last["peak_resident_bytes"] as? Double), try #require(last["step"] as? Int)
      )
      try withPlace { place in
        let before = place.files().keys.sorted()
        let outcome = try place.run("distill", "--plan", "--json")
        #expect(outcome.status == 0)
        #expect(place.files().keys.sorted().filter { !$0.contains(".text") } == before)
        let plan = try #require(
          JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        #expect(plan["steps"] as? Int == steps)
        #expect(plan["images"] as? Int == World.trainImages)
        #expect(plan["stepsDone"] as? Int == 0 && plan["isFinished"] as? Bool == false)
        for (name, taken) in [
          ("tensorBytes", taken), ("formulaBytes", taken), ("peakBytes", resident),
        ] {
          let promised = try #require(plan[name] as? Double)
          #expect(abs(promised / taken - 1) < 0.25, "\(name): \(promised) promised, \(taken) taken")
        }
        let parts = ["tensorBytes", "recordBytes", "otherBytes"].compactMap { plan[$0] as? Int }
        #expect(plan["peakBytes"] as? Int == parts.reduce(0, +) && parts.count == 3)
        let student = try Files.read("\(finished.output("distill"))/student.safetensors").count
        // The checkpoint has velocities as well.
        let disk = try #require(plan["diskBytes"] as? Int)
        #expect((2 * student...4 * student).contains(disk), "\(disk) for \(student)")
        let time = try #require(plan["time"] as? [String: Any])
        #expect((time["sampledSteps"] as? Int ?? 0) > 0)

        // Names are scored a tile at a time.
        let detection = try #require(plan["detection"] as? [String: Any])
        let scores = try #require(detection["scores"] as? [[String: Any]])
        #expect(scores.map { $0["categories"] as? Int } == [1000, 20_000])
        let bytes = scores.compactMap { $0["bytes"] as? Double }
        #expect(bytes.count == 2 && bytes[1] <= 1.2 * bytes[0] && bytes[0] > 0)

        let text = try place.run("distill", "--plan").output
        #expect(text.contains("training   vild, 8 images, 2 epochs: 8 steps of 2 images"))
      }
    }
  }
}
