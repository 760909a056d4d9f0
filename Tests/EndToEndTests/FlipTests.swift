import Foundation
import Support
import TestSupport
import Testing

extension Faults {
  /// Single bits of the files of a finished run flip, and nothing shows from outside: each is named by
  /// `vild verify --full`, and the stages either name it, too, or end with the same results.
  @Suite struct FlipTests {
    private let finished: FinishedRun

    init() throws { finished = try FinishedRun.shared.get() }

    /// After one in twelve flips all stages run.
    @Test func noFlipIsUsedInSilence() throws {
      try withPlace { place in
        try restore(place)
        let files = place.files().keys.sorted().filter { name in
          // SQLite makes and drops these where it reads.
          !name.hasSuffix("-shm") && !name.hasSuffix("-wal")
            && Files.size(of: "\(place.runs)/\(name)") != 0
        }
        #expect(files.count > 40, "\(files)")
        var mutator = Mutator(seed: Faults.seed)
        for round in 0..<Faults.flips {
          let path = "\(place.runs)/\(files[round % files.count])"
          let whole = try Files.read(path)
          let bit = mutator.below(whole.count * 8)
          try flip(bit: bit, in: path)
          let verified = try Vild.run("verify", place.runs, "--full")
          let isNamed = verified.status == 65 && verified.output.contains(path)
          // A database has room that nothing is in.
          let isInOrder = isNamed || path.hasSuffix(".sqlite")
          #expect(isInOrder, "bit \(bit) of \(path): \(verified)")
          var end = isInOrder ? FaultTable.End.refused : .wrong
          if isNamed && round % 12 != 5 {
            try flip(bit: bit, in: path)
          } else {
            let more = try endOfAllStages(place, path, "bit \(bit) of \(path)")
            if isInOrder { end = more }
            try restore(place)
          }
          try FaultTable.add("a flipped bit", stage(of: files[round % files.count]), end)
        }
      }
    }

    /// The finished run as it was.
    private func restore(_ place: Place) throws {
      if Files.exists(place.runs) { try FileManager.default.removeItem(atPath: place.runs) }
      try FileManager.default.copyItem(atPath: finished.place.runs, toPath: place.runs)
    }

    /// The stage whose folder the file `name` of the run is in.
    private func stage(of name: String) -> Substring {
      let folder = name.split(separator: "/").dropFirst().first ?? name[...]
      return name.hasPrefix(".text/")
        ? "text" : folder[..<(folder.lastIndex(of: "-") ?? folder.endIndex)]
    }

    /// Runs every stage: each ends with the same results as without the flip, or names the file.
    private func endOfAllStages(
      _ place: Place, _ path: String, _ what: String
    ) throws -> FaultTable.End {
      let given = finished.place
      var isRight = true
      func check(_ isInOrder: Bool, _ comment: String) {
        #expect(isInOrder, "\(what): \(comment)")
        isRight = isRight && isInOrder
      }
      var outputs: [String: String] = [:]
      for stage in ["embed", "distill", "evaluate", "detect"] {
        let more = stage == "detect" ? ["--corpus", "\(given.data)/val"] : []
        let outcome = try Vild(
          [
            stage, "--pipeline", given.pipeline, "--data", given.data, "--runs", place.runs,
          ] + more
        ).ended()
        if outcome.status != 0 {
          let isNamed = outcome.complaints.count == 1 && outcome.complaints[0].contains(path)
          check(isNamed, outcome.errors)
          return isNamed ? .refused : .wrong
        }
        outputs[stage] = outcome.output
      }
      check(outputs["evaluate"] == finished.outcomes["evaluate"]?.output, "another table")
      for stage in ["evaluate", "detect"] {
        let folders = try [place, given].map { try $0.output(stage) }
        for file in ["detections.jsonl", "detections.json", "images.json"] {
          let files = try folders.map { try Files.read("\($0)/\(file)") }
          check(files[0] == files[1], file)
        }
      }
      let verified = try Vild.run("verify", place.runs, "--full")
      check(verified.status == 0 || verified.output.contains(path), "\(verified)")
      return isRight ? .right : .wrong
    }
  }
}
