import Foundation
import Images
import Regions
import Support
import Tensors
import TestSupport
import Testing

extension EndToEnd {
  /// A trained student as an ONNX graph.
  @Suite struct ExportStudentTests {
    /// A detection as the example beside a graph prints it, or as a line of `vild detect` has it.
    private struct Found {
      var score: Double
      var name: String
      var edges: [Double]
    }

    /// What the example in `model.txt` prints of an image, in the graph's folder; nil, said loudly, where
    /// Python has no onnxruntime.
    private func example(in folder: String, of image: String) throws -> [Found]? {
      let notes = String(decoding: try Files.read("\(folder)/model.txt"), as: UTF8.self)
      let lines = notes.split(separator: "\n", omittingEmptySubsequences: false)
      let program = lines.drop { !$0.hasPrefix("    ") }.map { $0.dropFirst(4) }
      #expect(program.filter { !$0.isEmpty }.count <= 25)
      return try found(
        by: program.joined(separator: "\n"), in: folder, of: image,
        needing: "numpy, onnxruntime, PIL")
    }

    /// What a program prints; nil, said loudly, where Python has not what it needs.
    private func found(
      by program: String, in folder: String, of image: String, needing modules: String
    ) throws -> [Found]? {
      try Files.write(Data(program.utf8), to: "\(folder)/example.py")
      guard try hasPython(modules) else { return nil }
      let words = ["-c", #"cd "$0" && exec python3 example.py "$1""#, folder, image]
      let result = try #require(try run("sh", words))
      try #require(result.code == 0, "\(result.output)")
      return try result.output.split(separator: "\n").map { line in
        let words = line.split(separator: " ")
        let numbers = try ([words[0]] + words.suffix(4)).map { try #require(Double($0)) }
        return Found(
          score: numbers[0], name: words.dropFirst().dropLast(4).joined(separator: " "),
          edges: Array(numbers.dropFirst()))
      }
    }

    private func hasPython(_ modules: String) throws -> Bool {
      guard let look = try run("python3", ["-c", "import \(modules)"]) else { return false }
      guard look.code != 0 else { return true }
      let reason = look.output.split(separator: "\n").last ?? ""
      FileHandle.standardError.write(
        Data("SKIPPED: Python cannot import \(modules): \(reason)\n".utf8))
      return false
    }

    /// What `vild detect` finds in the one image of a corpus.
    private func detected(in place: Place, _ corpus: String) throws -> [Found] {
      let outcome = try place.run("detect", "--corpus", corpus, "--no-pictures")
      try #require(outcome.status == 0, "\(outcome.errors)")
      let path = try #require(outcome.output.split(separator: "\n").last)
      let line = try #require(
        try Files.read(String(path)).split(separator: UInt8(ascii: "\n")).last)
      let row = try #require(try JSONSerialization.jsonObject(with: line) as? [String: Any])
      let detections = try #require(row["detections"] as? [[String: Any]])
      return try detections.map { found in
        let box = try #require(found["bbox"] as? [Double])
        return Found(
          score: try #require(found["score"] as? Double),
          name: try #require(found["category"] as? String),
          edges: [box[0], box[1], box[0] + box[2], box[1] + box[3]])
      }
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

        let pictures = try pictures(in: place)
        guard let found = try example(in: folder, of: "\(pictures)/blocks.png") else { return }
        try compare(found, with: detected(in: place, pictures))
      }
    }

    /// A folder with one image, blocks.png.
    private func pictures(in place: Place) throws -> String {
      let pictures = "\(place.folder)/pictures"
      try Files.createFolder(pictures)
      var image = Image(width: 131, height: 90, filledWith: Color(120, 130, 140))
      image.fill(PixelRect(x0: 20, y0: 15, x1: 60, y1: 70), color: Color(220, 30, 30))
      image.fill(PixelRect(x0: 80, y0: 30, x1: 120, y1: 60), color: Color(40, 60, 220))
      try Files.write(image.pngData(), to: "\(pictures)/blocks.png")
      return pictures
    }

    private func compare(_ found: [Found], with expected: [Found]) {
      #expect(!expected.isEmpty && found.count == expected.count)
      for (one, other) in zip(found, expected) {
        #expect(one.name == other.name)
        #expect(abs(one.score - other.score) < 1e-5 + 1e-6)
        for (edge, wanted) in zip(one.edges, other.edges) { #expect(abs(edge - wanted) < 2e-3) }
      }
    }

    /// A student on a ResNet-18 in torchvision's modules.
    @Test func torchvisionFindsWhatDetectFinds() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache")
        let text = String(decoding: try Files.read(place.pipeline), as: UTF8.self)
        let parts = text.components(separatedBy: "student:\n")
        let student = parts[1].replacingOccurrences(of: "efficientnet-lite0", with: "resnet18")
          .replacingOccurrences(of: "fully_connected: [32]", with: "fully_connected: [32, 32]")
          .replacingOccurrences(of: "detection: {", with: "detection: {store: {regions: 0}, ")
        try place.write("\(parts[0])student:\n\(student)", to: "pipeline.yaml")
        let trained = try place.run("distill")
        try #require(trained.status == 0, "\(trained.errors)")
        let folder = "\(place.folder)/exported"
        try Files.createFolder(folder)
        let done = try place.run(
          "export student", "--format", "torchvision", "--output", "\(folder)/model.safetensors")
        #expect(done.status == 0 && done.complaints.isEmpty, "\(done.errors)")
        let files = ["model.safetensors", "model.vocabulary.json", "model.py"]
        #expect(done.output == files.map { "\(folder)/\($0)\n" }.joined())
        let program = """
          import json
          import sys

          import numpy
          import torch
          from PIL import Image

          import model

          with open("model.vocabulary.json") as file:
              names = json.load(file)["names"]
          image = numpy.asarray(Image.open(sys.argv[1]).convert("RGB"), numpy.float32)
          with torch.inference_mode():
              found = model.load("model.safetensors")([torch.from_numpy(image).permute(2, 0, 1)])[0]
          for score, label, box in zip(found["scores"], found["labels"], found["boxes"]):
              print(f"{score:.6f}", names[label - 1], *(f"{edge:.3f}" for edge in box))
          """
        let pictures = try pictures(in: place)
        let found = try found(
          by: program, in: folder, of: "\(pictures)/blocks.png",
          needing: "torchvision, safetensors, numpy, PIL")
        guard let found else { return }
        try compare(found, with: detected(in: place, pictures))
      }
    }

    @Test func plainWeights() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        let path = "\(place.folder)/plain.safetensors"
        let done = try place.run("export student", "--format", "safetensors", "--output", path)
        #expect(done.status == 0 && done.complaints.isEmpty, "\(done.errors)")
        #expect(done.output == "\(path)\n\(place.folder)/plain.vocabulary.json\n")
        let file = try SafeTensorsFile(path: path)
        let own = try SafeTensorsFile(path: "\(place.output("distill"))/student.safetensors")
        #expect(file.names.map { "model.\($0)" } == own.names)
        #expect(file.metadata["vild.method"] == "vild")
        #expect(file.metadata["vild.format"] == "safetensors")
        let kernel = try own.tensor("model.pyramid.output3.weight", shape: [3, 3, 16, 16])
        let found = try file.tensor("pyramid.output3.weight", shape: [16, 16, 3, 3])
        #expect(found.array == kernel.asPyTorchConvolution.array)

        guard try hasPython("safetensors.numpy") else { return }
        let program = """
          import sys
          from safetensors.numpy import load_file
          for name, array in sorted(load_file(sys.argv[1]).items()):
              print(name, array.dtype, float(array.reshape(-1)[-1]), list(array.shape), sep=":")
          """
        let result = try #require(try run("python3", ["-c", program, path]))
        try #require(result.code == 0, "\(result.output)")
        let lines = result.output.split(separator: "\n")
        #expect(lines.count == file.names.count)
        for (line, name) in zip(lines, file.names) {
          let (fields, tensor) = (line.split(separator: ":"), try file.tensor(name))
          #expect(fields[0] == name && fields[1] == "float32" && fields[3] == "\(tensor.shape)")
          #expect(Double(fields[2]) == Double(tensor.array[tensor.count - 1]), "\(line)")
        }
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
