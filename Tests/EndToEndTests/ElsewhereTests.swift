import Foundation
import Support
import TestSupport
import Testing

extension EndToEnd {
  /// The example for a GPU elsewhere, here on the CPU: list, embed, import, verify.
  @Suite struct ElsewhereTests {
    /// A Python that has what the example needs; nil, said loudly, where there is none.
    private func hasPackages() throws -> Bool {
      guard let look = try run("python3", ["-c", "import numpy, onnxruntime, PIL"]) else {
        return false
      }
      if look.code == 0 { return true }
      let reason = look.output.split(separator: "\n").last ?? ""
      FileHandle.standardError.write(
        Data("SKIPPED: pip install numpy onnxruntime pillow: \(reason)\n".utf8))
      return false
    }

    /// Runs the example; what it printed.
    private func embed(_ place: Place, _ more: String...) throws -> String {
      let outcome = try place.run("embed", "--list")
      #expect(outcome.status == 0, "\(outcome.errors)")
      try place.write(outcome.output, to: "list.jsonl")
      let script = fixture("../../pipelines/export/embed_elsewhere.py")
      let words = ["list.jsonl", "teacher.onnx", "vectors"].map { "\(place.folder)/\($0)" }
      let result = try #require(try run("python3", [script] + words + more))
      try #require(result.code == 0, "\(result.output)")
      return result.output
    }

    private func verify(_ place: Place) throws -> Outcome {
      try Vild(
        [
          "cache", "verify", place.cache(), "--sample", "100", "--pipeline", place.pipeline,
          "--data", place.data,
        ]
      ).ended()
    }

    /// Photographs that are stored turned, that have changed and that are none among them.
    @Test(arguments: ["", ", fit: centre_crop, border: pad_black, combination: raw_sum"])
    func theVectorsAreTheTeachers(rules: String) throws {
      guard try hasPackages() else { return }
      try withPlace { place in
        try place.useCLIP()
        try place.replace(
          "images_per_shard: 2", with: "images_per_shard: 2\(rules)", in: "pipeline.yaml")
        try place.turn("\(place.data)/train/3.jpg")
        let tower = try place.run("export teacher", "--output", "\(place.folder)/teacher.onnx")
        #expect(tower.status == 0, "\(tower.errors)")

        let first = try embed(place, "--images-per-file", "3", "--batch", "5")
        #expect(first.split(separator: "\n").count == 3, "\(first)")
        let files = try FileManager.default.contentsOfDirectory(atPath: "\(place.folder)/vectors")
        #expect(files.count == 3 && files.allSatisfy { $0.hasSuffix(".npz") }, "\(files)")
        // What was computed is not computed again.
        #expect(try embed(place, "--images-per-file", "3").isEmpty)
        try FileManager.default.removeItem(atPath: "\(place.folder)/vectors/\(files[1])")
        let again = try embed(place, "--images-per-file", "3")
        #expect(again.split(separator: "\n").count == 1, "\(again)")
        #expect(
          try FileManager.default.contentsOfDirectory(atPath: "\(place.folder)/vectors").sorted()
            == files.sorted())

        let imported = try place.importVectors("\(place.folder)/vectors")
        #expect(imported.status == 0 && imported.complaints.isEmpty, "\(imported.errors)")
        #expect(imported.output.contains(": added 8 images, "), "\(imported.output)")
        #expect(imported.output.contains("nothing is missing"))
        let verified = try verify(place)
        #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
        #expect(
          verified.output.contains(" of 8 images embedded anew, smallest cosine 0.99999")
            || verified.output.contains(" of 8 images embedded anew, smallest cosine 1.0"))
        #expect(try place.run("embed").messages.last?.hasPrefix("up to date: 8 images") == true)
        #expect(try embed(place).isEmpty)
      }
    }

    /// What cannot be read as listed is named and left to 'embed'.
    @Test func imagesThatChange() throws {
      guard try hasPackages() else { return }
      try withPlace { place in
        try place.useCLIP()
        let tower = try place.run("export teacher", "--output", "\(place.folder)/teacher.onnx")
        #expect(tower.status == 0, "\(tower.errors)")
        let list = try place.run("embed", "--list").output
        try place.write(list, to: "list.jsonl")
        try place.write(place.picture(101), toOld: "\(place.data)/train/3.jpg")
        let script = fixture("../../pipelines/export/embed_elsewhere.py")
        let words = ["list.jsonl", "teacher.onnx", "vectors"].map { "\(place.folder)/\($0)" }
        let result = try #require(try run("python3", [script] + words))
        #expect(
          result.code == 0 && result.output.contains("left out: image 3, 3.jpg: another file"))
        let imported = try place.importVectors("\(place.folder)/vectors")
        #expect(imported.status == 0, "\(imported.errors)")
        #expect(imported.output.contains("1 image (3) is still missing"), "\(imported.output)")
        #expect(try place.run("embed").status == 0)
        #expect(try verify(place).status == 0)
      }
    }
  }
}
