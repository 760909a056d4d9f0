import Foundation
import Networks
import Support
import Tensors
import TestSupport
import Testing

/// Folders that open_clip wrote, of tiny CLIPs with either image tower, and what open_clip computes
/// with them (`make_open_clip.py`).
@Suite struct OpenCLIPTests {
  private struct Golden {
    let folder: String
    let file: SafeTensorsFile
    let clip: CLIP
    /// [4, S, S, 3]
    let pixels: Tensor
    /// Of several lengths, without padding.
    let texts: [[Int]]

    init(_ kind: String) throws {
      folder = fixture("Goldens/open-clip/\(kind)")
      file = try SafeTensorsFile(path: "\(folder)/golden.safetensors")
      clip = try CLIP.load(folder: folder)
      pixels = try file.tensor("pixel_values").channelsLast
      let (ids, mask) = (try file.integers("input_ids"), try file.integers("attention_mask"))
      texts = (0..<4).map { text in
        (text * 12..<text * 12 + 12).filter { mask[$0] == 1 }.map { ids[$0] }
      }
    }
  }

  private func expect(
    _ name: String, _ value: Tensor, near expected: Tensor, within limit: Float = 1e-5,
    location: SourceLocation = #_sourceLocation
  ) {
    let distance = value.distance(to: expected)
    #expect(distance < limit, "\(name): \(distance)", sourceLocation: location)
  }

  @Test(arguments: ["residual", "transformer"])
  func embeddingsAreThoseOfOpenCLIP(kind: String) throws {
    let golden = try Golden(kind)
    let clip = golden.clip
    let texts = l2Normalize(clip.text(golden.texts))
    if let tower = clip.vision as? CLIPResNet {
      let expected = try golden.file.tensor("map").channelsLast
      expect("map", tower.map(Variable(golden.pixels)).value, near: expected)
    }
    for tower in [clip.vision, try clip.vision.frozen(precision: .float32)] as [any ImageTower] {
      let images = l2Normalize(Variable(tower.embed(pixels: golden.pixels)))
      let logits = scale(innerProducts(images, texts), by: clip.cosineFactor)
      for (name, value) in [
        ("image_embeds", images), ("text_embeds", texts), ("logits_per_image", logits),
      ] {
        expect("\(type(of: tower)) \(name)", value.value, near: try golden.file.tensor(name))
      }
    }
  }

  /// As `PretrainingExample` takes it: norms by the batch's statistics, which move the running ones.
  @Test(arguments: ["residual", "transformer"])
  func lossGradientsAndStatisticsOfAStepAreThoseOfOpenCLIP(kind: String) throws {
    let golden = try Golden(kind)
    let clip = CLIP(golden.clip.configuration, seed: 1)
    for (parameter, stored) in zip(clip.parameters, golden.clip.parameters) {
      #expect(parameter.name == stored.name)
      parameter.value = stored.value
    }
    let tape = Tape()
    let loss = clip.contrastiveLoss(
      images: clip.vision(tape.constant(golden.pixels)), texts: clip.text(golden.texts, on: tape),
      matches: (0..<4).map { i in (0..<4).map { $0 == i } }
    ).loss
    expect("loss", loss.value, near: try golden.file.tensor("loss"))
    tape.backward(loss)
    // The folder holds gradients and statistics in the place of weights.
    let step = try CLIP.load(folder: "\(golden.folder)/step")
    for (parameter, expected) in zip(clip.parameters, step.parameters) {
      let name = parameter.name
      #expect(name == expected.name)
      guard parameter.isTrained else {
        expect(name, parameter.value, near: expected.value)
        continue
      }
      let gradient = try #require(parameter.gradient, "\(name)")
      if name.hasSuffix("k_proj.bias") {
        // A number added to all of a row's logits changes nothing: rounding errors remain.
        #expect(gradient.array.allSatisfy { abs($0) < 1e-6 }, "\(name)")
      } else {
        expect(name, gradient, near: expected.value, within: 1e-4)
      }
    }
  }

  /// The same tensors and the same configuration, but for the norms' counters.
  @Test func aWrittenFolderIsThatOfOpenCLIP() throws {
    let golden = try Golden("residual")
    try withTemporaryFolder { written in
      let file = try golden.clip.write(folder: written)
      let stored = try SafeTensorsFile(path: "\(golden.folder)/\(file)")
      let ours = try SafeTensorsFile(path: "\(written)/\(file)")
      let names = stored.names.filter { !$0.hasSuffix(".num_batches_tracked") }
      #expect(ours.names.sorted() == names.sorted())
      for name in names {
        let (tensor, expected) = (try ours.tensor(name), try stored.tensor(name))
        #expect(tensor.shape == expected.shape && tensor.array == expected.array, "\(name)")
      }
      let configurations = try [written, golden.folder].map { folder in
        let data = try Files.read("\(folder)/open_clip_config.json")
        return try #require(JSONSerialization.jsonObject(with: data) as? NSDictionary)
      }
      #expect(configurations[0] == configurations[1])
    }
  }
}
