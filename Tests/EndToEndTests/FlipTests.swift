import Foundation
import Support
import TestSupport
import Testing

extension EndToEnd {
  /// Single bits of the files of a finished run flip, and nothing shows from outside: each is named by
  /// `vild verify --full`, and the stages either name it, too, or end with the same results.
  @Suite struct FlipTests {
    /// VILD_FLIPS, or 60; after one in twelve of them all stages run.
    private static let count =
      ProcessInfo.processInfo.environment["VILD_FLIPS"].flatMap(Int.init) ?? 60
    private let finished: FinishedRun

    init() throws { finished = try FinishedRun.shared.get() }

    @Test func noFlipIsUsedInSilence() throws {
      try withPlace { place in
        try restore(place)
        let files = place.files().keys.sorted().filter { name in
          // SQLite makes and drops these where it reads.
          !name.hasSuffix("-shm") && !name.hasSuffix("-wal")
            && Files.size(of: "\(place.runs)/\(name)") != 0
        }
        #expect(files.count > 40, "\(files)")
        var mutator = Mutator(seed: 18)
        for round in 0..<Self.count {
          let path = "\(place.runs)/\(files[round % files.count])"
          let whole = try Files.read(path)
          let bit = mutator.below(whole.count * 8)
          try flip(bit: bit, in: path)
          let verified = try Vild.run("verify", place.runs, "--full")
          let isNamed = verified.status == 65 && verified.output.contains(path)
          // A database has room that nothing is in.
          #expect(isNamed || path.hasSuffix(".sqlite"), "bit \(bit) of \(path): \(verified)")
          if isNamed && round % 12 != 5 {
            try flip(bit: bit, in: path)
          } else {
            try expectTheSameOrItsName(place, path, "bit \(bit) of \(path)")
            try restore(place)
          }
        }
      }
    }

    /// The finished run as it was.
    private func restore(_ place: Place) throws {
      if Files.exists(place.runs) { try FileManager.default.removeItem(atPath: place.runs) }
      try FileManager.default.copyItem(atPath: finished.place.runs, toPath: place.runs)
    }

    private func expectTheSameOrItsName(_ place: Place, _ path: String, _ what: String) throws {
      let given = finished.place
      var outputs: [String: String] = [:]
      for stage in ["embed", "distill", "evaluate", "detect"] {
        let more = stage == "detect" ? ["--corpus", "\(given.data)/val"] : []
        let outcome = try Vild(
          [
            stage, "--pipeline", given.pipeline, "--data", given.data, "--runs", place.runs,
          ] + more
        ).ended()
        if outcome.status != 0 {
          #expect(outcome.complaints.count == 1, "\(what): \(outcome.errors)")
          #expect(outcome.complaints[0].contains(path), "\(what): \(outcome.errors)")
          return
        }
        outputs[stage] = outcome.output
      }
      #expect(outputs["evaluate"] == finished.outcomes["evaluate"]?.output, "\(what)")
      for stage in ["evaluate", "detect"] {
        let folders = try [place, given].map { try $0.output(stage) }
        for file in ["detections.jsonl", "detections.json", "images.json"] {
          let files = try folders.map { try Files.read("\($0)/\(file)") }
          #expect(files[0] == files[1], "\(what): \(file)")
        }
      }
      let verified = try Vild.run("verify", place.runs, "--full")
      let isSaid = verified.status == 0 || verified.output.contains(path)
      #expect(isSaid, "\(what): \(verified)")
    }
  }
}
