import Foundation
import Support
import Tensors
import TestSupport
import Testing

extension EndToEnd {
  /// `detection.precision: bfloat16`: the same student, and results that are kept apart from float32's.
  @Suite struct DetectionPrecisionTests {
    private func withHalf(_ body: (Place) throws -> Void) throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        try place.replace(
          "limit: 10,", with: "limit: 10, precision: bfloat16,", in: "pipeline.yaml")
        try body(place)
      }
    }

    @Test func aProcessorHasItOrTheRunSaysThatItHasNot() throws {
      try withHalf { place in
        let isThere = (try? Precision.bfloat16.requireAvailable()) != nil
        let corpus = "\(place.data)/val"
        for command in [["evaluate"], ["detect", "--corpus", corpus, "--no-pictures"]] {
          let done = try Vild(place.arguments(command[0], Array(command.dropFirst()))).ended()
          guard isThere else {
            #expect(done.status == 78 && done.complaints.count == 1, "\(done.errors)")
            #expect(done.errors.contains("detection.precision"))
            #expect(done.errors.contains("AVX-512 BF16"))
            continue
          }
          #expect(done.status == 0 && done.complaints.isEmpty, "\(done.errors)")
        }
      }
    }

    /// Neither detections nor stores of one precision are taken for the other's, and nothing is trained
    /// again.
    @Test(.enabled(if: (try? Precision.bfloat16.requireAvailable()) != nil, "no AVX-512 BF16"))
    func resultsNeverMix() throws {
      try withHalf { place in
        let corpus = ["--corpus", "\(place.data)/val", "--no-pictures"]
        func detect() throws -> (folder: String, scores: Data) {
          let done = try Vild(place.arguments("detect", corpus)).ended()
          #expect(done.status == 0 && done.complaints.isEmpty, "\(done.errors)")
          let path = String(try #require(done.output.split(separator: "\n").first))
          return (path, try Files.read(PathText.folder(of: path) + "/detections.json"))
        }
        func stores() throws -> Int {
          let folder = "\(place.run)/store"
          return try FileManager.default.contentsOfDirectory(atPath: folder).reduce(0) {
            try $0 + FileManager.default.contentsOfDirectory(atPath: "\(folder)/\($1)").count
          }
        }
        let half = try detect()
        let kept = try stores()
        let names = ["--classes", "red block;photo"]
        #expect(try Vild(place.arguments("query", corpus.dropLast() + names)).ended().status == 0)
        try place.replace(" precision: bfloat16,", with: "", in: "pipeline.yaml")
        let query = try Vild(place.arguments("query", corpus.dropLast() + names)).ended()
        #expect(query.status == 66, "float32's store is not there: \(query.errors)")
        let single = try detect()
        #expect(single.folder != half.folder && single.scores != half.scores)
        #expect(try stores() > kept)
        // The default written out is the default.
        try place.replace("limit: 10,", with: "limit: 10, precision: float32,", in: "pipeline.yaml")
        #expect(try detect().folder == single.folder)
      }
    }
  }
}
