import Foundation
import Networks
import Support
import Tensors
import TestSupport
import Testing

@Suite struct CLIPTrainingTests {
  private let stored: SafeTensorsFile
  private let golden: SafeTensorsFile
  private let configuration: CLIPConfiguration

  init() throws {
    stored = try SafeTensorsFile(path: fixture("Goldens/clip-tiny.safetensors"))
    golden = try SafeTensorsFile(path: fixture("Goldens/clip-training.safetensors"))
    configuration = try CLIPConfiguration(path: fixture("Goldens/clip-tiny.json"))
  }

  private func loss(
    _ clip: CLIP, _ matches: [[Bool]], on tape: Tape
  ) throws -> (loss: Variable, accuracy: Double) {
    let ids = try stored.integers("golden.input_ids")
    let pixels = try stored.tensor("golden.pixel_values").channelsLast
    return clip.contrastiveLoss(
      images: clip.vision(tape.constant(pixels)),
      texts: clip.text((0..<3).map { Array(ids[$0 * 10..<$0 * 10 + 10]) }, on: tape),
      matches: matches)
  }

  @Test func lossAndEveryGradientAreThoseOfPyTorch() throws {
    let clip = try CLIP.load(configuration, from: stored)
    let distinct = try loss(clip, (0..<3).map { i in (0..<3).map { $0 == i } }, on: Tape())
    #expect(try distinct.loss.value.distance(to: golden.tensor("distinct")) < 1e-5)

    let tape = Tape()
    let shared = try loss(
      clip, [[true, false, true], [false, true, false], [true, false, true]], on: tape)
    #expect(try shared.loss.value.distance(to: golden.tensor("shared")) < 1e-5)
    #expect(shared.accuracy >= distinct.accuracy)
    tape.backward(shared.loss)
    let tables = ["position_embedding.weight", "token_embedding.weight"]
    for parameter in clip.parameters {
      let expected = try golden.tensor("shared.\(parameter.name)")
      let inOurLayout =
        switch expected.shape.count {
        case 4: expected.fromPyTorchConvolution
        case 2 where !tables.contains(where: parameter.name.hasSuffix): expected.transposed
        default: expected
        }
      let gradient = try #require(parameter.gradient, "\(parameter.name)")
      if parameter.name.hasSuffix("k_proj.bias") {
        // A number added to all of a row's logits changes nothing: rounding errors remain.
        #expect(gradient.array.allSatisfy { abs($0) < 1e-6 }, "\(parameter.name)")
      } else {
        #expect(gradient.distance(to: inOurLayout) < 1e-4, "\(parameter.name)")
      }
    }
  }

  /// Pictures and texts along the axes: cosines 1 and 0, and log(1 + e^-f) with two pairs.
  @Test func lossByHand() {
    let clip = CLIP(configuration, seed: 1)
    let units = Variable(Tensor([2, 2], [3, 0, 0, 0.5]))
    let (loss, accuracy) = clip.contrastiveLoss(
      images: units, texts: units, matches: [[true, false], [false, true]])
    #expect(abs(loss.value.scalar - log1p(exp(-1 / 0.07))) < 1e-6)
    #expect(accuracy == 1)
    let crossed = clip.contrastiveLoss(
      images: units, texts: units, matches: [[false, true], [true, false]])
    #expect(abs(crossed.loss.value.scalar - 1 / 0.07) < 1e-4 && crossed.accuracy == 0)
  }

  @Test func theCosineFactorStaysWithinBounds() {
    let clip = CLIP(configuration, seed: 1)
    #expect(abs(clip.cosineFactor - 1 / 0.07) < 1e-4)
    clip.logitScale.value = Tensor(scalar: 9)
    clip.clampCosineFactor()
    #expect(abs(clip.cosineFactor - 100) < 1e-3)
    clip.logitScale.value = Tensor(scalar: -1)
    clip.clampCosineFactor()
    #expect(clip.cosineFactor == 1)
  }

  @Test func initialWeightsHaveTheirDeviations() throws {
    var large = configuration
    (large.transformer.transformer.width, large.transformer.transformer.intermediate) = (96, 384)
    let clip = CLIP(large, seed: 1)
    func deviation(_ name: String) throws -> Float {
      let values = try #require(clip.parameters.first { $0.name == name }).value.array
      return (values.reduce(0) { $0 + $1 * $1 } / Float(values.count)).squareRoot()
    }
    // Width 96 with two layers, kernels of 3 x 8 x 8; the text tower has width 16. Each is one over
    // the root of this.
    let inverseSquares: [(String, Float)] = [
      ("vision_model.encoder.layers.0.self_attn.q_proj.weight", 96),
      ("vision_model.encoder.layers.0.self_attn.out_proj.weight", 384),
      ("vision_model.encoder.layers.1.mlp.fc1.weight", 192),
      ("vision_model.encoder.layers.1.mlp.fc2.weight", 384),
      ("vision_model.embeddings.patch_embedding.weight", 576),
      ("text_model.embeddings.token_embedding.weight", 2500), ("text_projection.weight", 16),
    ]
    for (name, inverseSquare) in inverseSquares {
      let ratio = try deviation(name) * inverseSquare.squareRoot()
      #expect(abs(ratio - 1) < 0.12, "\(name): \(ratio)")
    }
    #expect(try deviation("vision_model.post_layernorm.weight") == 1)
    #expect(try deviation("vision_model.post_layernorm.bias") == 0)
    let other = CLIP(large, seed: 2)
    #expect(zip(clip.parameters, other.parameters).contains { $0.value.array != $1.value.array })
  }

  /// What is written is read as it was, but for float16.
  @Test func writtenFoldersAreRead() throws {
    try withTemporaryFolder { folder in
      let clip = try CLIP.load(configuration, from: stored)
      try clip.write(folder: folder)
      let read = try CLIP.load(folder: folder)
      #expect(read.vision.sizes == configuration.vision)
      #expect(read.text.configuration == configuration.text)
      for (a, b) in zip(clip.parameters, read.parameters) {
        #expect(a.name == b.name && a.value.array == b.value.array, "\(a.name)")
      }
    }
  }
}
