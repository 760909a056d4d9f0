import Foundation
import Support
import TestSupport
import Testing

extension EndToEnd {
  /// The cache and proposals handed on to other programs.
  @Suite struct ExportTests {
    @Test func aCacheOfTheChainIsExported() throws {
      try withPlace { place in
        try place.copyFinished("text", "propose", "cache")
        let output = "\(place.folder)/exported"
        let words = ["cache", "export", try place.cache(), "--output", output, "--format"]
        let done = try Vild(words + ["webdataset"]).ended()
        #expect(done.status == 0)
        #expect(done.output.contains("8 images in 1 file of webdataset"))
        let names = try FileManager.default.contentsOfDirectory(atPath: output).sorted()
        #expect(names == ["000000.tar", "export.json"])
        let again = try Vild(words + ["npz"]).ended()
        #expect(again.status == 73)
        #expect(again.errors.contains("another export"))
      }
    }

    @Test func proposalsAreConvertedThereAndBack() throws {
      try withPlace { place in
        try place.copyFinished("text", "propose", "cache")
        let annotations = "\(place.data)/train.json"
        let file = "\(try place.output("propose"))/train.jsonl"
        func convert(_ input: String, _ output: String, _ more: String...) throws {
          let outcome = try Vild(
            ["proposals", "convert", input, "--output", "\(place.folder)/\(output)"] + more
          ).ended()
          #expect(outcome.status == 0, "\(outcome.errors)")
        }
        try convert(file, "a.json")
        try convert(
          "\(place.folder)/a.json", "b.jsonl", "--annotations", annotations, "--labels",
          "red block",
          "--source", "elsewhere", "--top", "1")
        let info = try Vild.run(
          "proposals", "info", "\(place.folder)/b.jsonl", "--annotations", annotations)
        #expect(info.output.contains("8, 0 without proposals"))
        #expect(info.output.contains("8, at most 1 an image"))
        #expect(info.output.contains("all: "))
        let alone = try Vild(["proposals", "info", "\(place.folder)/a.json"]).ended()
        #expect(alone.status == 64 && alone.errors.contains("annotations"))
      }
    }
  }
}
