import Foundation
import Support
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

extension Place {
  /// Writes the vectors of a cache into files in the folder `vectors`.
  ///
  /// - Parameter images: which; nil for all.
  func exportVectors(
    of cache: String, as format: String = "npz", images: [Int]? = nil
  ) throws -> String {
    let folder = "\(self.folder)/vectors"
    var words = ["cache", "export", cache, "--format", format, "--output", folder]
    if let images {
      try write(images.map { "\($0)\n" }.joined(), to: "images.txt")
      words += ["--images", "\(self.folder)/images.txt"]
    }
    let outcome = try Vild(words).ended()
    guard outcome.status == 0 else { throw Failure(what: outcome.errors) }
    return folder
  }

  func importVectors(_ path: String, _ more: String...) throws -> Outcome {
    try Vild(["cache", "import", path] + arguments("", more)).ended()
  }
}

extension Faults {
  /// Importing that is killed or stopped goes on with the same command, to the same result.
  @Suite struct ImportFaultTests {
    @Test func killed() throws {
      let finished = try FinishedRun.shared.get().place
      try withPlace { place in
        try place.copyFinished("propose")
        let vectors = try place.exportVectors(of: finished.cache())
        let arguments = ["cache", "import", vectors] + place.arguments("", [])
        var generator = SeededGenerator(seed: Faults.seed)
        for _ in 0..<6 {
          let vild = try Vild(arguments)
          guard vild.waits(for: "\"unit\":\"files\"") else { break }
          usleep(UInt32.random(in: 0..<60_000, using: &generator))
          vild.signal(SIGKILL)
          _ = vild.ended()
        }
        let outcome = try Vild(arguments).ended()
        #expect(outcome.status == 0 && outcome.complaints.isEmpty, "\(outcome.errors)")
        #expect(outcome.output.contains("nothing is missing"), "\(outcome.output)")
        try place.expectFinishedCache()
        let cache = try place.cache()
        #expect(try Vild.run("cache", "verify", cache).output == "\(cache): sound\n")
      }
    }
  }
}
