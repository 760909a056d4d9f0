import Foundation
import Support
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

extension Faults {
  /// Two commands in one folder, and two choices of one command, never mix.
  @Suite struct TwoAtOnceTests {
    @Test(arguments: ["evaluate", "report", "detect"])
    func whoeverComesSecondIsTold(stage: String) throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill", "evaluate")
        #expect(try FinishedRun.run(stage, in: place).status == 0)
        let folder = try place.output(stage)
        for name in ["stage.json", "stage-copy.json"] { unlink("\(folder)/\(name)") }
        let lock = open("\(folder)/lock", O_RDWR | O_CREAT, 0o644)
        #expect(flock(lock, LOCK_EX | LOCK_NB) == 0)
        place.expect(
          try FinishedRun.run(stage, in: place), status: 75,
          "HERE/runs/tiny/\(stage)-HASH: another run of '\(stage)' is at work here; "
            + "wait for it, or stop it and start again: it continues where it was")
        close(lock)
        #expect(try FinishedRun.run(stage, in: place).status == 0)
      }
    }

    /// Both are whole, each table beside its own report, whichever of the two had to wait.
    @Test func twoProtocols() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill", "evaluate")
        let protocols = ["voc", "voc2007"]
        let both = try protocols.map { try place.start("evaluate", ["--protocol", $0]) }
        let ended = both.map { $0.ended() }
        #expect(ended.allSatisfy { [0, 75].contains($0.status) }, "\(ended.map(\.errors))")
        #expect(ended.contains { $0.status == 0 })
        let evaluation = try place.output("evaluate")
        for name in protocols {
          let outcome = try place.run("evaluate", "--protocol", name)
          #expect(outcome.status == 0, "\(outcome.errors)")
          let folders = try FileManager.default.contentsOfDirectory(atPath: evaluation)
            .filter { $0.hasPrefix("\(name)-") }
          #expect(folders.count == 1, "\(folders)")
          let folder = "\(evaluation)/\(try #require(folders.first))"
          #expect(try Files.read("\(folder)/table.txt") == Data(outcome.output.utf8))
          let report = try JSONSerialization.jsonObject(with: Files.read("\(folder)/report.json"))
          let evaluations = (report as? [String: Any])?["evaluations"] as? [[String: Any]]
          #expect(evaluations?.first?["protocol"] as? String == name)
        }
        // The first one is still there.
        let coco = try place.run("evaluate")
        #expect(coco.messages.last?.hasPrefix("up to date: ") == true)
        #expect(try coco.output == FinishedRun.shared.get().outcomes["evaluate"]?.output)
      }
    }
  }
}
