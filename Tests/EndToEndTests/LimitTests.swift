import Foundation
import Support
import TestSupport
import Testing

extension Faults {
  /// What the shell allows the process (`ulimit`): too little ends in a line and 75, before anything
  /// spins or traps.
  @Suite struct LimitTests {
    private func run(
      _ stage: String, under limit: String, in place: Place,
      shell: (_ limited: String) -> String = { $0 }
    ) throws -> Outcome {
      let more = stage == "detect" ? ["--corpus", "\(place.data)/val"] : []
      // On a machine of many cores the threads' stacks alone would be too much.
      return try Vild(
        place.arguments(stage, more), environment: ["OPENBLAS_NUM_THREADS": "2"],
        shell: shell("ulimit \(limit); exec \"$0\" \"$@\"")
      ).ended(within: 60)
    }

    /// Takes standard error through a pipe, which a limit of files' sizes does not apply to, and keeps
    /// the exit code.
    private func throughPipe(_ limited: String) -> String {
      "{ { (\(limited) 2>&1 >/dev/null); echo $? >&3; } | cat >&2; } 3>&1 "
        + "| { read code; exit $code; }"
    }

    private func expectRefusal(_ outcome: Outcome, _ line: String, _ comment: String) {
      #expect(outcome.status == 75 && !outcome.wasKilled, "\(comment): \(outcome.errors)")
      #expect(outcome.complaints.count == 1, "\(comment): \(outcome.errors)")
      #expect(outcome.complaints.first?.hasPrefix("vild: \(line)") == true, "\(outcome.errors)")
    }

    /// OpenBLAS would wait for addresses for ever.
    @Test(arguments: ["propose", "embed", "distill", "detect", "evaluate"])
    func tooFewAddresses(stage: String) throws {
      try withPlace { place in
        for kilobytes in [600_000, 400_000] {
          let outcome = try run(stage, under: "-v \(kilobytes)", in: place)
          expectRefusal(outcome, "there is too little memory to begin with (expected", stage)
          #expect(outcome.errors.contains("by the limit of addresses (ulimit -v)); raise the"))
        }
        #expect(!Files.exists(place.runs))
      }
    }

    /// What computes nothing needs nothing, as far as the program itself can be loaded.
    @Test(arguments: [["--help"], ["help"], ["--version"], ["embed", "--help"], ["teacher"]])
    func helpNeedsNothing(arguments: [String]) throws {
      for limit in ["-v 400000", "-d 300000", "-s 128", "-n 16"] {
        let outcome = try Vild(
          arguments, environment: ["OPENBLAS_NUM_THREADS": "2"],
          shell: "ulimit \(limit); exec \"$0\" \"$@\""
        ).ended(within: 60)
        #expect(outcome.status == 0 && !outcome.wasKilled, "\(limit): \(outcome.errors)")
        #expect(outcome.errors.isEmpty && !outcome.output.isEmpty, "\(limit)")
      }
    }

    /// Memory that may be written to is counted in the same way.
    @Test func tooLittleData() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache")
        let outcome = try run("distill", under: "-d 300000", in: place)
        expectRefusal(outcome, "there is too little memory to begin with (expected", "-d")
        #expect(outcome.errors.contains("by the limit of data (ulimit -d)); raise the limit"))
      }
    }

    /// Tensors leave room for the rest.
    @Test func enoughAddresses() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache")
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let outcome = try run("distill", under: "-v \(2_500_000 + 600_000 * cores)", in: place)
        #expect(outcome.status == 0, "\(outcome.errors)")
        try place.expectFinishedStudent()
      }
    }

    @Test(arguments: ["propose", "embed", "detect", "evaluate"])
    func smallStack(stage: String) throws {
      try withPlace { place in
        for kilobytes in [64, 128] {
          let outcome = try run(stage, under: "-s \(kilobytes)", in: place)
          #expect(
            outcome.complaints == [
              "vild: the stack that a process may have is too small (expected at least 1024 KiB, got "
                + "\(kilobytes) KiB); raise it with 'ulimit -s 8192'"
            ])
          #expect(outcome.status == 75)
        }
      }
    }

    @Test func fewDescriptors() throws {
      try withPlace { place in
        for count in [8, 16, 100] {
          let outcome = try run("embed", under: "-n \(count)", in: place)
          expectRefusal(
            outcome,
            "too few files may be open at once (expected at least 128, got \(count)); raise the limit",
            "\(count)")
        }
        // A soft limit is raised.
        try place.copyFinished("propose")
        #expect(try run("embed", under: "-Sn 16", in: place).status == 0)
        try place.expectFinishedCache()
      }
    }

    /// In blocks of 512 bytes. What is half written goes, and the same command completes.
    @Test(arguments: [("propose", 20), ("distill", 500), ("detect", 1), ("evaluate", 1)])
    func smallFiles(stage: String, blocks: Int) throws {
      try withPlace { place in
        let before = ["propose", "cache", "distill"]
        try place.copyFinished(
          stage == "propose" ? [] : stage == "distill" ? before.dropLast() : before)
        let outcome = try run(stage, under: "-f \(blocks)", in: place, shell: throughPipe)
        expectRefusal(outcome, place.runs, stage)
        #expect(
          outcome.errors.contains("(got File too large); raise the limit of a file's size"),
          "\(stage)")
        #expect(place.unfinished(stage) == [])
        #expect(try FinishedRun.run(stage, in: place).status == 0)
      }
    }
  }
}
