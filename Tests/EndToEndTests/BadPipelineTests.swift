import Foundation
import Support
import TestSupport
import Testing

extension EndToEnd {
  /// A wrong pipeline, data root or place for outputs: one line, a documented exit code, nothing
  /// half-written.
  @Suite struct BadPipelineTests {
    @Test func unknownKey() throws {
      try withPlace { place in
        try place.replace("limit: 10", with: "limits: 10", in: "pipeline.yaml")
        place.expect(
          try place.run("embed"), status: 78,
          "HERE/pipeline.yaml:38: unknown key 'detection.limits'; did you mean 'limit'?")
        #expect(place.files().isEmpty)
      }
    }

    @Test func initialWeightsThatDoNotFit() throws {
      try withPlace { place in
        try place.replace(
          "student:\n", with: "student:\n  initial_weights: proposal_network\n",
          in: "pipeline.yaml")
        try place.replace("channels: 16", with: "channels: 8", in: "pipeline.yaml")
        let message =
          "student.initial_weights: the student cannot start from the proposal network (expected "
        place.expect(
          try place.run("distill"), status: 78,
          message + "the same backbone, normalization, pyramid and proposals of both networks, "
            + "got a proposals.network that differs)")
        try place.replace("top: 4", with: "file: boxes.json", in: "pipeline.yaml")
        place.expect(
          try place.run("distill"), status: 78,
          message + "proposals of a network of our own, got proposals.file boxes.json)")
        #expect(place.files().isEmpty)
      }
    }

    /// The error of a worker is the command's.
    @Test(arguments: [[], ["--workers", "2"]])
    func labelsOfNovelCategories(options: [String]) throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache")
        let before = Set(place.files().keys)
        try place.replace(
          "student:\n", with: "comparison: {methods: [vild]}\nstudent:\n  labels: all\n",
          in: "pipeline.yaml")
        place.expect(
          try Vild(place.arguments("compare", options)).ended(), status: 78,
          "student.labels: novel categories would not be novel to the student (expected base, or "
            + "student.method supervised, got all with vild)")
        let new = place.files().keys.filter { !before.contains($0) }
        // A lock, and the logs of workers.
        #expect(new.allSatisfy { $0.contains("/compare-") && !$0.hasSuffix(".json") }, "\(new)")
      }
    }

    @Test func missingPipelineFile() throws {
      try withPlace { place in
        try FileManager.default.removeItem(atPath: place.pipeline)
        place.expect(
          try place.run("embed"), status: 66,
          "HERE/pipeline.yaml: cannot read (got No such file or directory)")
        #expect(place.files().isEmpty)
      }
    }

    @Test func wrongDataRoot() throws {
      try withPlace { place in
        try FileManager.default.moveItem(atPath: place.data, toPath: "\(place.folder)/elsewhere")
        place.expect(
          try place.run("embed"), status: 66,
          "HERE/data: no such folder (expected the data root); give it with --data, or DATA= to make"
        )
        try Files.createFolder(place.data)
        place.expect(
          try place.run("embed"), status: 66,
          "HERE/data/train.json: cannot read (got No such file or directory)")
        #expect(place.files().isEmpty)
      }
    }

    @Test func fileWhereOutputsGo() throws {
      try withPlace { place in
        try place.write("", to: "runs")
        place.expect(
          try place.run("propose"), status: 73,
          "HERE/runs: outputs cannot go here (expected a folder, got a file)")
      }
    }

    @Test(.enabled(if: Mount.isPossible))
    func readOnlyPlaceForOutputs() throws {
      try withPlace { place in
        try withMount(at: place.runs, options: "ro,size=1m") {
          place.expect(
            try place.run("propose"), status: 73,
            "HERE/runs/tiny: cannot create the folder (got Read-only file system)")
        }
      }
    }

    @Test func missingArgument() throws {
      let outcome = try Vild.run("embed", "--pipeline", "p.yaml")
      #expect(outcome.status == 64)
      #expect(outcome.complaints.first == "Error: Missing expected argument '--data <folder>'")
    }
  }
}
