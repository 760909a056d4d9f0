import Foundation
import Support
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

extension EndToEnd {
  /// The work of `embed` and `detect` in parts, each on a disk of its own, and one pool: together they are
  /// what one process makes.
  @Suite struct PartsTests {
    /// Runs one part as on a machine that has what `--prepare` has made, and nothing else.
    private func part(
      _ stage: String, _ text: String, of place: Place, on machine: String = "",
      _ more: [String] = []
    ) throws -> Vild {
      let runs = "\(place.folder)/machine \(machine)\(text.replacing("/", with: " of "))"
      if !Files.exists(runs) {
        try FileManager.default.copyItem(atPath: place.runs, toPath: runs)
      }
      return try Vild(
        [
          stage, "--pipeline", place.pipeline, "--data", place.data, "--runs", runs, "--part", text,
          "--pool", "\(place.folder)/pool",
        ] + more)
    }

    private func expectDone(
      _ outcome: Outcome, location: SourceLocation = #_sourceLocation
    ) {
      #expect(
        outcome.status == 0 && outcome.complaints.isEmpty && outcome.output.isEmpty,
        "\(outcome.errors)", sourceLocation: location)
    }

    private func merge(_ what: String, _ place: Place, _ more: String...) throws -> Outcome {
      try Vild(place.arguments("\(what) merge", ["\(place.folder)/pool"] + more)).ended()
    }

    @Test(arguments: [1, 2, 4, 7]) func embedInParts(count: Int) throws {
      try withPlace { place in
        try place.copyFinished("propose")
        for index in (0..<count).reversed() {
          try expectDone(part("embed", "\(index)/\(count)", of: place).ended())
        }
        let merged = try merge("cache", place, "--parts", "\(count)")
        #expect(merged.status == 0 && merged.output.contains("4 of 4 units"), "\(merged.errors)")
        try place.expectFinishedCache()
        let done = try place.run("embed")
        #expect(done.messages.last?.hasPrefix("up to date: 8 images") == true)
        // Nothing of it is left on the machines.
        let parts = "\(place.folder)/machine 0 of \(count)/tiny/parts/0-of-\(count)/cache"
        #expect(try FileManager.default.contentsOfDirectory(atPath: parts).isEmpty)
      }
    }

    @Test func detectInParts() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        let corpus = ["--corpus", "\(place.data)/train"]
        for index in 0..<3 {
          try expectDone(part("detect", "\(index)/3", of: place, corpus).ended())
        }
        let merged = try merge("store", place, "--parts", "3", "--corpus", corpus[1])
        #expect(merged.status == 0 && merged.output.contains("4 of 4 units"), "\(merged.errors)")
        let names = ["detections.json", "detections.jsonl", "images.json"]
        // No detector, and no image.
        let found = try Vild(place.arguments("query", corpus)).ended()
        #expect(found.status == 0 && found.complaints.isEmpty, "\(found.errors)")
        let folder = try place.output("detect")
        let results = try names.map { try Files.read("\(folder)/\($0)") }
        let content = try place.storeContent()
        for name in [folder, "\(place.run)/store"] {
          try FileManager.default.removeItem(atPath: name)
        }
        #expect(try Vild(place.arguments("detect", corpus + ["--no-pictures"])).ended().status == 0)
        #expect(try place.storeContent() == content)
        #expect(try names.map { try Files.read("\(place.output("detect"))/\($0)") } == results)
      }
    }

    /// A part trains nothing and proposes nothing; `--prepare` does, once for all of them.
    @Test func whatPartsNeedIsMadeBefore() throws {
      try withPlace { place in
        let pool = ["--pool", "\(place.folder)/pool"]
        let early = try Vild(place.arguments("embed", ["--part", "0/2"] + pool)).ended()
        place.expect(
          early, status: 66,
          "HERE/runs/tiny: the proposals are not made yet, and a part makes none; "
            + "'vild embed --prepare' makes them once, before the parts start")
        #expect(!place.files().keys.contains { $0.contains("proposal-network") })
        #expect(try place.run("embed", "--prepare").status == 0)
        #expect(!Files.exists("\(place.run)/cache") && Files.exists("\(place.runs)/.text"))
        try expectDone(part("embed", "0/1", of: place).ended())
        #expect(try merge("cache", place).status == 0)
        try place.expectFinishedCache()

        let corpus = ["--corpus", "\(place.data)/val"]
        let detect = ["--part", "0/2"] + pool + corpus
        let untrained = try Vild(place.arguments("detect", detect)).ended()
        place.expect(
          untrained, status: 66,
          "HERE/runs/tiny: the detector is not trained yet, and a part trains none; "
            + "'vild detect --prepare' trains it once, before the parts start")
        let prepared = try Vild(place.arguments("detect", ["--prepare"] + corpus)).ended()
        #expect(prepared.status == 0 && prepared.output.isEmpty, "\(prepared.errors)")
        #expect(!Files.exists("\(place.run)/store"))
        try expectDone(part("detect", "0/2", of: place, corpus).ended())
      }
    }

    @Test func theBatchSystemSaysWhichPart() throws {
      try withPlace { place in
        try place.copyFinished("propose")
        let environment = ["SLURM_ARRAY_TASK_ID": "1"]
        let arguments = place.arguments("embed")
        place.expect(
          try Vild(arguments, environment: environment).ended(), status: 64,
          "SLURM_ARRAY_TASK_ID: this is one of several, and how many is not said (got 1); "
            + "say it with --parts, or do everything here with --part 0/1")
        let pool = ["--pool", "\(place.folder)/pool", "--parts", "3"]
        place.expect(
          try Vild(arguments + pool, environment: ["JOB_COMPLETION_INDEX": "3"]).ended(),
          status: 64,
          "JOB_COMPLETION_INDEX: there is no such part (expected 0 to 2, of --parts 3, got 3); "
            + "parts count from 0: --array=0-2")
        let done = try Vild(arguments + pool, environment: environment).ended()
        expectDone(done)
        #expect(
          done.messages.contains {
            $0.hasPrefix(
              "part 1 of 3, counted from 0 (SLURM_ARRAY_TASK_ID 1 of --parts 3): 1 of 4 units (1), "
                + "0 of them in ")
          }, "\(done.errors)")
        // What is missing is named as an array's ids.
        let merged = try merge("cache", place, "--parts", "3")
        #expect(merged.status == 75)
        #expect(
          merged.errors.contains(
            "the pool lacks units (expected 4 units, got 1, without 0,2-3); run the parts that they "
              + "are of again: --array=0,2 with --parts 3"), "\(merged.errors)")
      }
    }
  }
}

extension Faults {
  /// Parts that are killed, stopped, done twice or done by several processes.
  @Suite struct DisturbedPartsTests {
    private func arguments(_ place: Place, _ text: String, on machine: String) throws -> [String] {
      let runs = "\(place.folder)/machine \(machine)"
      if !Files.exists(runs) {
        try FileManager.default.copyItem(atPath: place.runs, toPath: runs)
      }
      return [
        "embed", "--pipeline", place.pipeline, "--data", place.data, "--runs", runs, "--part", text,
        "--pool", "\(place.folder)/pool",
      ]
    }

    private func expectWhole(_ place: Place) throws {
      let merged = try place.run("cache merge", "\(place.folder)/pool")
      #expect(merged.status == 0, "\(merged.errors)")
      try place.expectFinishedCache()
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: "\(place.folder)/pool").count == 1)
    }

    /// A warning ahead of the end, the end itself, and none at all; then elsewhere.
    @Test(arguments: [SIGUSR1, SIGTERM, SIGKILL]) func endedAndStartedElsewhere(signal: Int32)
      throws
    {
      try withPlace { place in
        try place.copyFinished("propose")
        for (machine, delay) in [200_000, 500_000, 900_000].enumerated() {
          let vild = try Vild(arguments(place, "0/1", on: "\(machine)"))
          guard vild.waits(for: "\"event\":\"progress\"", within: 30) else { break }
          usleep(UInt32(delay))
          vild.signal(signal)
          let end = vild.ended()
          if !end.wasKilled && end.status != 0 {
            place.expect(
              end, status: 143, "stopped; run the same command again to continue")
          }
        }
        #expect(try Vild(arguments(place, "0/1", on: "last")).ended().status == 0)
        try expectWhole(place)
      }
    }

    @Test func onePartTwiceAtOnce() throws {
      try withPlace { place in
        try place.copyFinished("propose")
        let runs = try ["a", "b", "c"].map {
          try Vild(arguments(place, $0 == "c" ? "1/2" : "0/2", on: $0))
        }
        for run in runs {
          let done = run.ended()
          #expect(done.status == 0 && done.complaints.isEmpty, "\(done.errors)")
        }
        try expectWhole(place)
      }
    }

    @Test func workersOfAPart() throws {
      try withPlace { place in
        try place.copyFinished("propose")
        let vild = try Vild(arguments(place, "0/2", on: "a") + ["--workers", "2"])
        while vild.isRunning && vild.children.count < 2 { usleep(2000) }
        vild.children.first.map { _ = kill($0, SIGKILL) }
        let done = vild.ended()
        #expect(done.status == 0 && done.complaints.isEmpty, "\(done.errors)")
        #expect(
          try Vild(arguments(place, "1/2", on: "b") + ["--workers", "2"]).ended().status == 0)
        try expectWhole(place)
      }
    }
  }
}
