import Foundation
import Support
import TestSupport
import Testing

extension EndToEnd {
  /// A trained student as an ONNX graph.
  @Suite struct ExportStudentTests {
    /// What the example in `model.txt` prints of an image, in the graph's folder; nil, said loudly, where
    /// Python has no onnxruntime.
    private func example(in folder: String, of image: String) throws -> [ExportedDetection]? {
      let notes = String(decoding: try Files.read("\(folder)/model.txt"), as: UTF8.self)
      let lines = notes.split(separator: "\n", omittingEmptySubsequences: false)
      let program = lines.drop { !$0.hasPrefix("    ") }.map { $0.dropFirst(4) }
      #expect(program.filter { !$0.isEmpty }.count <= 25)
      return try ExportedDetection.found(
        by: program.joined(separator: "\n"), in: folder, of: image,
        needing: "numpy, onnxruntime, PIL")
    }

    @Test func theExampleFindsWhatDetectFinds() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        // What a store keeps is rounded.
        try place.replace(
          "detection: {", with: "detection: {store: {regions: 0}, ", in: "pipeline.yaml")
        let folder = "\(place.folder)/exported"
        try Files.createFolder(folder)
        let done = try place.run("export student", "--output", "\(folder)/model.onnx")
        #expect(done.status == 0 && done.complaints.isEmpty, "\(done.errors)")
        let files = ["model.onnx", "model.txt", "model.vocabulary.json"]
        #expect(done.output == files.map { "\(folder)/\($0)\n" }.joined())
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == files)

        let pictures = try place.writeBlocks()
        guard let found = try example(in: folder, of: "\(pictures)/blocks.png") else { return }
        try found.compare(with: place.detected(in: pictures))
      }
    }

    @Test func partsAndPrecision() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        func size(_ words: String...) throws -> Int {
          let output = "\(place.folder)/part.onnx"
          let done = try Vild(
            place.arguments("export student", ["--output", output] + words)
          ).ended()
          #expect(done.status == 0, "\(done.errors)")
          #expect(done.output == "\(output)\n\(place.folder)/part.txt\n")
          return try #require(Files.size(of: output))
        }
        let sizes = try ["backbone", "proposals", "regions"].map { try size("--part", $0) }
        #expect(sizes == sizes.sorted() && sizes[0] < sizes[2], "\(sizes)")
        #expect(try size("--part", "regions", "--float16") < sizes[2] * 6 / 10)
      }
    }

    /// What is wrong is one line.
    private func refused(_ place: Place, _ words: String...) throws -> (Int32, String) {
      let outcome = try Vild(place.arguments("export student", words)).ended()
      #expect(outcome.output.isEmpty && outcome.complaints.count == 1, "\(outcome.errors)")
      return (outcome.status, outcome.complaints.last ?? "")
    }

    @Test func badInputIsOneLine() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache")
        let output = "\(place.folder)/model.onnx"
        var (status, line) = try refused(place, "--output", output)
        #expect(status == 66 && line.contains("the student is not trained yet"), "\(line)")
        (status, line) = try refused(place, "--output", "\(place.folder)/model.pt")
        #expect(status == 64 && line.contains("(expected .onnx)"), "\(line)")
        (status, line) = try refused(place, "--format", "torchvision", "--output", output)
        #expect(status == 64 && line.contains("(expected .safetensors)"), "\(line)")
        (status, line) = try refused(
          place, "--format", "safetensors", "--output", "\(place.folder)/none/model.safetensors")
        #expect(status == 66 && line.contains("cannot write"), "\(line)")
        (status, line) = try refused(place, "--output", "\(place.folder)/none/model.onnx")
        #expect(status == 66 && line.contains("none/model.onnx: cannot write"), "\(line)")

        let stopped = try place.run("distill", "--until-step", "1")
        #expect(stopped.status == 0, "\(stopped.errors)")
        let student = try place.output("distill")
        (status, line) = try refused(
          place, "--output", output, "--student", student, "--classes", ";")
        #expect(status == 65, "\(line)")
        (status, line) = try refused(
          place, "--output", output, "--student", student, "--classes", "dog > beagle; poodle")
        #expect(status == 64 && line.contains("names below 'dog'"), "\(line)")
        #expect(!Files.exists(output))
        let weights = "\(place.folder)/model.safetensors"
        (status, line) = try refused(
          place, "--format", "torchvision", "--output", weights, "--student", student)
        #expect(
          status == 78
            && line.contains("by its backbone.family (expected a resnet, got efficientnet-lite0)"),
          "\(line)")
        #expect(!Files.exists(weights))
      }
    }

    @Test func towersOfAnotherFamily() throws {
      try withPlace { place in
        let output = "\(place.folder)/teacher.onnx"
        let refused = try place.run("export teacher", "--tower", "text", "--output", output)
        #expect(refused.status == 78 && refused.output.isEmpty, "\(refused.errors)")
        let line = "the text tower of this teacher has no graph"
        #expect(
          refused.complaints == [
            "vild: teacher.family: \(line) (expected clip or siglip, or --tower image, got conse)"
          ])
        #expect(!Files.exists(output))
        let done = try place.run("export teacher", "--output", output)
        #expect(done.status == 0 && done.complaints.isEmpty, "\(done.errors)")
        #expect(done.output == "\(output)\n\(place.folder)/teacher.txt\n")
      }
    }

    @Test func aClosedVocabularyAndAnotherTeacherAreRefused() throws {
      try withPlace { place in
        try place.copyFinished("propose")
        try place.replace(
          "student:\n", with: "student:\n  method: supervised\n", in: "pipeline.yaml")
        let stopped = try place.run("distill", "--until-step", "1")
        #expect(stopped.status == 0, "\(stopped.errors)")
        let (student, output) = (try place.output("distill"), "\(place.folder)/model.onnx")
        var (status, line) = try refused(
          place, "--output", output, "--student", student, "--classes", "dog;cat")
        #expect(status == 78 && line.contains("'supervised' knows no other categories"), "\(line)")
        let done = try place.run("export student", "--output", output, "--student", student)
        #expect(done.status == 0, "\(done.errors)")
        let names = String(
          decoding: try Files.read("\(place.folder)/model.vocabulary.json"), as: UTF8.self)
        #expect(names.hasPrefix(#"{"names":["red block","green block","blue block"],"#), "\(names)")

        try place.replace("thing 0", with: "thing zero", in: "data/teacher/imagenet_classes.json")
        (status, line) = try refused(place, "--output", output, "--student", student)
        #expect(status == 65 && line.contains("was taught by another teacher"), "\(line)")
      }
    }
  }
}
