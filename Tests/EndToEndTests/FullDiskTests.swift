import Foundation
import Support
import TestSupport
import Testing

extension Faults {
  /// A full disk ends a stage with one line; once there is room the same command completes.
  @Suite(.enabled(if: Mount.isPossible)) struct FullDiskTests {
    /// From nothing at all to almost enough: no room for the catalogue, or for the shards.
    @Test(arguments: [0, 20, 120, 1200])
    func embed(freeKilobytes: Int) throws {
      try expectCompletion(of: "embed", after: ["propose"], freeKilobytes: freeKilobytes) {
        try $0.expectFinishedCache()
      }
    }

    /// No room for the log, or for the first checkpoint.
    @Test(arguments: [0, 3000])
    func distill(freeKilobytes: Int) throws {
      try expectCompletion(
        of: "distill", after: ["propose", "cache"], freeKilobytes: freeKilobytes
      ) { try $0.expectFinishedStudent() }
    }

    /// Runs a stage where only so much room is left, then again with enough.
    private func expectCompletion(
      of stage: String, after finished: [String], freeKilobytes: Int,
      _ check: (Place) throws -> Void
    ) throws {
      try withPlace { place in
        try withMount(at: place.runs, options: "size=200m") {
          try place.copyFinished(finished)
          try leaveFree(freeKilobytes, at: place.runs)

          let outcome = try place.run(stage)
          #expect(outcome.status == 75, "\(outcome.errors)")
          #expect(outcome.complaints.count == 1)
          let line = try #require(outcome.complaints.first)
          #expect(line.hasPrefix("vild: \(place.runs)/"), "\(line)")
          let isRefusedEarly = line.contains(": the disk is too small for the embeddings (")
          #expect(
            line.hasSuffix(
              isRefusedEarly
                ? "; free some space and run the same command again"
                : "(got No space left on device); free some space and run the same command again; "
                  + "it continues where it was"), "\(line)")
          #expect(place.unfinished(stage) == [])

          try remount(place.runs, "size=200m")
          let again = try place.run(stage)
          #expect(again.status == 0, "\(again.errors)")
          try check(place)
        }
      }
    }
  }
}
