import Foundation
import Support
import TestSupport
import Testing

extension EndToEnd {
  /// The whole of every help text; `Goldens/make_help.sh` writes them anew.
  @Suite struct HelpTests {
    @Test(arguments: [
      "", "propose", "embed", "distill", "detect", "evaluate", "plan", "runs", "verify", "compare",
      "report", "picture", "export", "export detections", "export student",
      "export teacher",
      "browse", "teacher",
      "teacher check", "teacher accuracy", "teacher text", "teacher conse", "cache", "cache info",
      "cache stats", "cache verify", "cache repair", "cache reindex", "cache gc", "cache merge",
      "cache export", "cache import", "proposals", "proposals convert", "proposals info", "sample",
      "pretrain",
    ])
    func help(command: String) throws {
      let words = command.split(separator: " ").map(String.init)
      let name = (["vild"] + words).joined(separator: "-")
      let golden = String(
        decoding: try Files.read(fixture("Goldens/\(name).txt")), as: UTF8.self)
      let outcome = try Vild(words + ["--help"]).ended()
      #expect(outcome.status == 0 && outcome.errors.isEmpty)
      #expect(outcome.output == golden)
    }

    @Test(arguments: ["0", "many", "1000000"]) func unusableThreads(count: String) throws {
      let outcome = try Vild(["runs"], environment: ["VILD_THREADS": count]).ended()
      #expect(outcome.status == 64 && outcome.output.isEmpty && outcome.complaints.count == 1)
      #expect(outcome.errors.hasPrefix("vild: unusable VILD_THREADS in the environment (expected "))
    }

    @Test func version() throws {
      #expect(try Vild.run("--version").output == "0.1.0\n")
    }
  }
}
