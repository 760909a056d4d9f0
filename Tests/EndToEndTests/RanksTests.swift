import Foundation
import Support
import TestSupport
import Testing

extension EndToEnd {
  /// What is said where there can be no ranks; `Tests/Faults/ranks` has those that there can be.
  @Suite struct RanksTests {
    private func distill(
      _ place: Place, _ ranks: String, _ environment: [String: String] = [:], _ more: String...
    ) throws -> Outcome {
      try Vild(
        place.arguments("distill", ["--ranks", ranks] + more),
        environment: ["VILD_MPI": "\(place.folder)/mpi.so"].merging(environment) { $1 }
      ).ended()
    }

    /// Before anything is made or started.
    @Test func withoutALibrary() throws {
      try withPlace { place in
        place.expect(
          try distill(place, "2"), status: 66,
          "HERE/mpi.so: no library for MPI, which several ranks need; 'make mpi' builds it with this "
            + "machine's mpicc (on Debian of libopenmpi-dev or libmpich-dev); VILD_MPI names one elsewhere"
        )
        #expect(!Files.exists(place.runs))
      }
    }

    /// As a launcher starts it.
    @Test func withALibraryThatIsNone() throws {
      try withPlace { place in
        try place.write("no library", to: "mpi.so")
        let outcome = try distill(place, "2", ["PMI_RANK": "1"])
        #expect(outcome.status == 66 && outcome.errors.contains("cannot be used (got "))
        #expect(outcome.errors.contains("mpi.so"), "\(outcome.errors)")
      }
    }

    @Test func withoutMpirun() throws {
      try withPlace { place in
        try place.write("", to: "mpi.so")
        let outcome = try distill(place, "2", ["PATH": place.folder])
        #expect(outcome.status == 66 && outcome.errors.contains("mpirun: cannot start the program"))
        #expect(outcome.errors.contains("openmpi-bin"), "\(outcome.errors)")
      }
    }

    @Test func numbersThatMeanNothing() throws {
      try withPlace { place in
        #expect(try distill(place, "0").status == 64)
        #expect(try distill(place, "2", [:], "--plan").status == 64)
        // One rank is a process like any other.
        try place.copyFinished("propose", "cache")
        let outcome = try distill(place, "1", ["VILD_STEP_TIMEOUT": "soon"])
        #expect(outcome.status == 64 && outcome.errors.contains("unusable VILD_STEP_TIMEOUT"))
        #expect(try distill(place, "1", [:], "--until-step", "1").status == 0)
      }
    }
  }
}
