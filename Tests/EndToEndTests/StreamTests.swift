import Foundation
import Support
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

extension Faults {
  /// Standard streams that are closed, full or that nobody reads.
  @Suite struct StreamTests {
    /// Commands that print, of finished stages, and one each of the parser's own.
    private static let verbs = [
      "--help", "embed --help", "--version", "propose", "detect", "evaluate", "report", "runs",
      "runs --json", "cache info", "cache stats --json", "cache verify", "proposals info",
      "teacher check",
    ]

    private func arguments(_ verb: String, in place: Place) throws -> [String] {
      let words = verb.split(separator: " ").map(String.init)
      switch words[0] {
      case "runs": return words + ["--runs", place.runs]
      case "cache": return words + [try place.cache()]
      case "proposals": return words + ["\(try place.output("propose"))/train.jsonl"]
      case "teacher": return words + ["\(place.data)/teacher"]
      case "detect": return place.arguments(verb, ["--corpus", "\(place.data)/val"])
      default: return verb.contains("--") ? words : place.arguments(verb)
      }
    }

    private func withFinished(_ body: (Place) throws -> Void) throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill", "detect", "evaluate", "report")
        try body(place)
      }
    }

    @Test func resultsThatCannotBeWritten() throws {
      try withFinished { place in
        for verb in Self.verbs {
          for (shell, reason) in [
            ("exec \"$0\" \"$@\" >/dev/full", "No space left on device"),
            ("exec \"$0\" \"$@\" >&-", "Bad file descriptor"),
          ] {
            let outcome = try Vild(arguments(verb, in: place), shell: shell).ended()
            #expect(outcome.status == 74 && !outcome.wasKilled, "\(verb): \(outcome.errors)")
            #expect(
              outcome.complaints == [
                "vild: standard output: cannot write the results (got \(reason)); what is finished is "
                  + "kept; run the same command again with somewhere to write to"
              ], "\(verb)")
          }
          // Nothing to write to at all: it ends in the same way, silently.
          let outcome = try Vild(
            arguments(verb, in: place), shell: "exec \"$0\" \"$@\" <&- >&- 2>&-"
          ).ended()
          #expect(outcome.status == 74 && !outcome.wasKilled, "\(verb)")
        }
      }
    }

    /// As `vild ... | head -1` once the line has come: quietly.
    @Test func aPipeThatNobodyReads() throws {
      try withFinished { place in
        for verb in Self.verbs {
          // The reading end is closed with the tuple's other half.
          let writing = try OpenFile.pipe().writing
          let outcome = try withExtendedLifetime(writing) {
            try Vild(
              arguments(verb, in: place), output: .descriptor(writing.descriptor)
            ).ended()
          }
          #expect(outcome.status == 141 && !outcome.wasKilled, "\(verb)")
          #expect(outcome.complaints.isEmpty, "\(verb): \(outcome.errors)")
        }
      }
    }

    /// Messages are dropped, the work is done; no file of data takes the stream's number.
    @Test(arguments: ["2>/dev/full", "<&- 2>&-"])
    func messagesThatCannotBeWritten(redirection: String) throws {
      try withPlace { place in
        let shell = "exec \"$0\" \"$@\" \(redirection)"
        for stage in ["propose", "embed", "distill", "evaluate"] {
          let outcome = try Vild(place.arguments(stage), shell: shell).ended()
          #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(stage)")
        }
        try place.expectFinishedCache()
        try place.expectFinishedStudent()
        let verified = try Vild(["cache", "verify", place.cache()], shell: shell).ended()
        #expect(verified.status == 0)
        // An error has its exit code all the same.
        let missing = try Vild(["runs", "--runs", "\(place.folder)/none"], shell: shell).ended()
        #expect(missing.status == 66)
        #expect(try Vild(["nonsense"], shell: shell).ended().status == 64)
      }
    }

    /// Workers write to the same closed stream, and what is said by one that is there is not lost.
    @Test func workersWithoutStreams() throws {
      try withPlace { place in
        try place.copyFinished("propose")
        let shell = "exec \"$0\" \"$@\" <&- >&- 2>&-"
        let outcome = try Vild(place.arguments("embed", ["--workers", "2"]), shell: shell).ended()
        #expect(outcome.status == 0)
        try place.expectFinishedCache()
      }
    }
  }
}
