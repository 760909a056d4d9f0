import Foundation
import Support
import Tensors
import TestSupport
import Testing

extension EndToEnd {
  /// A trained student's weights for PyTorch.
  @Suite struct ExportWeightsTests {
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
        let pictures = try place.writeBlocks()
        let found = try ExportedDetection.found(
          by: program, in: folder, of: "\(pictures)/blocks.png",
          needing: "torchvision, safetensors, numpy, PIL")
        guard let found else { return }
        try found.compare(with: place.detected(in: pictures))
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

        guard try ExportedDetection.hasPython("safetensors.numpy") else { return }
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
  }
}
