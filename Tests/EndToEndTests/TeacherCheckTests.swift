import Foundation
import Support
import Tensors
import TestSupport
import Testing

extension EndToEnd {
  /// `vild teacher check` on a folder as published: a tiny CLIP of transformers, whose outputs stand
  /// in the goldens of the networks' tests.
  @Suite struct TeacherCheckTests {
    /// The checkpoint, as published, for the test to damage.
    private struct Checkpoint {
      let folder: String
      var tensors: [String: Tensor]
      var settings: String

      init(in folder: String) throws {
        self.folder = folder
        let goldens = fixture("../NetworksTests/Goldens")
        let stored = try SafeTensorsFile(path: "\(goldens)/clip-tiny.safetensors")
        tensors = [:]
        for name in stored.names where !name.hasPrefix("golden.") {
          tensors[name] = try stored.tensor(name)
        }
        settings = String(decoding: try Files.read("\(goldens)/clip-tiny.json"), as: UTF8.self)
        try writeGolden(stored)
      }

      /// The outputs in float32 and the ids in int64, as PyTorch writes them.
      private func writeGolden(_ stored: SafeTensorsFile) throws {
        let shape = try #require(stored.shape(of: "golden.input_ids"))
        let ids = try stored.integers("golden.input_ids")
        let floats = try ["image_embeds", "text_embeds", "logits_per_image"].map {
          ($0, try stored.tensor("golden.quick_gelu.\($0)"))
        }
        let pixels = ("pixel_values", try stored.tensor("golden.pixel_values"))
        var (header, body) = ([String: Any](), Data())
        func add(_ name: String, _ type: String, _ shape: [Int], _ data: Data) {
          let offsets = [body.count, body.count + data.count]
          header[name] = ["dtype": type, "shape": shape, "data_offsets": offsets] as [String: Any]
          body.append(data)
        }
        for (name, numbers) in [("input_ids", ids), ("attention_mask", ids.map { _ in 1 })] {
          add(name, "I64", shape, numbers.withUnsafeBytes { Data($0) })
        }
        for (name, tensor) in floats + [pixels] {
          add(name, "F32", tensor.shape, tensor.array.withUnsafeBytes { Data($0) })
        }
        let text = try JSONSerialization.data(withJSONObject: header)
        let length = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) }
        try Files.write(length + text + body, to: "\(folder)/golden.safetensors")
      }

      func write() throws {
        try Files.write(Data(settings.utf8), to: "\(folder)/config.json")
        try SafeTensorsFile.write(
          tensors.sorted { $0.key < $1.key }.map { ($0.key, $0.value) },
          to: "\(folder)/model.safetensors")
      }
    }

    private func check(_ change: (inout Checkpoint) throws -> Void = { _ in }) throws -> Outcome {
      try withTemporaryFolder { folder in
        var checkpoint = try Checkpoint(in: folder)
        try change(&checkpoint)
        try checkpoint.write()
        var outcome = try Vild.run("teacher", "check", folder)
        outcome.errors = outcome.errors.replacing(folder, with: "HERE")
        return outcome
      }
    }

    private func expectRefusal(
      _ line: String, _ change: (inout Checkpoint) throws -> Void,
      location: SourceLocation = #_sourceLocation
    ) throws {
      let outcome = try check(change)
      #expect(
        outcome.status == 65 && outcome.complaints == ["vild: HERE\(line)"],
        sourceLocation: location)
    }

    @Test func aPublishedFolderComputesWhatTheOriginalDoes() throws {
      let outcome = try check()
      #expect(outcome.status == 0 && outcome.errors.isEmpty)
      let lines = outcome.output.split(separator: "\n")
      #expect(lines.first == "family            clip")
      for output in ["image_embeds", "text_embeds", "logits_per_image"] {
        let line = try #require(lines.first { $0.hasPrefix(output) })
        let error = try #require(
          line.split(separator: " ").compactMap { Float(String($0.filter { $0 != "," })) }.first)
        #expect(error < 1e-5, "\(line)")
      }
    }

    @Test func aWeightThatIsNotTheOriginalsShowsInTheOutput() throws {
      let outcome = try check { checkpoint in
        checkpoint.tensors["visual_projection.weight"]!.withMutableElements { $0[0] += 0.5 }
      }
      #expect(outcome.status == 65)
      #expect(outcome.errors.contains("image_embeds is not the original's"))
      #expect(outcome.output.contains("text_embeds       largest relative error"))
    }

    /// Products that overflow: the error is infinite, and no cosine is 1.
    @Test func outputsThatAreNoNumbers() throws {
      let outcome = try check { checkpoint in
        for name in ["text_model.final_layer_norm.weight", "text_projection.weight"] {
          checkpoint.tensors[name]!.withMutableElements { $0.update(repeating: 3e38) }
        }
      }
      #expect(outcome.status == 65 && outcome.complaints.count == 1)
      let line = try #require(
        outcome.output.split(separator: "\n").first { $0.hasPrefix("text_embeds") })
      #expect(line.contains("largest relative error inf") && line.contains("nan"), "\(line)")
    }

    @Test func storedOutputsThatAreNoNumbers() throws {
      try expectRefusal(
        "/golden.safetensors: tensor 'pixel_values' is not finite (expected finite numbers in "
          + "float32, got nan as element 0, 1 of 3600 such); the file is damaged, or its training "
          + "diverged"
      ) { checkpoint in
        let path = "\(checkpoint.folder)/golden.safetensors"
        var bytes = try Files.read(path)
        // The last tensor of the file.
        let start = bytes.count - 3600 * 4
        bytes.replaceSubrange(start..<start + 4, with: [0, 0, 0xC0, 0x7F])
        try Files.write(bytes, to: path)
      }
    }

    @Test func aMissingTensor() throws {
      let outcome = try check { $0.tensors["text_model.final_layer_norm.bias"] = nil }
      #expect(outcome.status == 65)
      #expect(outcome.complaints.count == 1)
      #expect(outcome.errors.contains("no tensor 'text_model.final_layer_norm.bias'"))
    }

    @Test func anExtraTensor() throws {
      try expectRefusal(
        ": a tensor is left over (expected only what the model has, got 'vision_model.head.weight' [2, 3])"
      ) { $0.tensors["vision_model.head.weight"] = Tensor([2, 3], [1, 2, 3, 4, 5, 6]) }
    }

    @Test func aTensorOfAnotherShape() throws {
      let outcome = try check { checkpoint in
        let name = "text_projection.weight"
        checkpoint.tensors[name] = checkpoint.tensors[name]!.transposed.permuted([1, 0]).rows(0..<3)
      }
      #expect(outcome.status == 65)
      #expect(
        outcome.errors.contains("tensor 'text_projection.weight' has the wrong shape (expected ["))
    }

    @Test func aTowerThatIsNotThere() throws {
      try expectRefusal(
        ": the checkpoint has no image tower (expected CLIP's two towers, with tensors "
          + "vision_model.* and text_model.*)"
      ) { $0.tensors = $0.tensors.filter { !$0.key.hasPrefix("vision_model.") } }
    }

    @Test func anotherModel() throws {
      try expectRefusal(
        "/config.json: an unsupported model (expected model_type clip, align or siglip, got blip); "
          + "supported: CLIP, ALIGN, ConSE and SigLIP"
      ) { $0.settings = #"{"model_type": "blip"}"# }
    }

    /// Cut anywhere, weights are refused in one line.
    @Test(arguments: [0, 7, 8, 500, 0.5, 0.999] as [Double])
    func weightsCutShort(at place: Double) throws {
      try withTemporaryFolder { folder in
        let checkpoint = try Checkpoint(in: folder)
        try checkpoint.write()
        let whole = try Files.read("\(folder)/model.safetensors")
        let length = place > 0 && place < 1 ? Int(place * Double(whole.count)) : Int(place)
        try Files.write(whole.prefix(length), to: "\(folder)/model.safetensors")
        let outcome = try Vild.run("teacher", "check", folder)
        #expect(outcome.status == 65 && outcome.complaints.count == 1, "\(outcome.errors)")
      }
    }

    /// SigLIP's and SigLIP 2's folders of the teachers' tests, with a bias in their logits.
    @Test(arguments: ["siglip", "siglip2"]) func sigLIPComputesWhatTheOriginalDoes(
      name: String
    ) throws {
      let outcome = try Vild.run(
        "teacher", "check", fixture("../TeacherTests/Goldens/\(name)"))
      #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
      #expect(outcome.output.hasPrefix("family            siglip\n"))
      #expect(outcome.output.contains("logits_per_image  largest relative error"))
    }

    @Test func aFolderWithoutATeacher() throws {
      try withTemporaryFolder { folder in
        let outcome = try Vild.run("teacher", "check", folder)
        #expect(outcome.status == 66 && outcome.complaints.count == 1)
        #expect(outcome.errors.contains("\(folder): no teacher in the folder"))
      }
    }
  }
}
