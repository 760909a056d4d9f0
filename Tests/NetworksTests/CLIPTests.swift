import Foundation
import Networks
import Support
import Tensors
import TestSupport
import Testing

@Suite struct CLIPTests {
  let golden: SafeTensorsFile
  let configuration: CLIPConfiguration
  let clip: CLIP

  init() throws {
    golden = try SafeTensorsFile(path: fixture("Goldens/clip-tiny.safetensors"))
    configuration = try CLIPConfiguration(path: fixture("Goldens/clip-tiny.json"))
    clip = try CLIP.load(configuration, from: golden)
  }

  /// The same weights with the choices of `make_clip.py`'s second model.
  private func model(_ name: String) throws -> CLIP {
    guard name == "gelu" else { return clip }
    var other = configuration
    other.transformer.transformer.activation = .gelu
    other.text.transformer.activation = .gelu
    other.text.endOfText = nil
    return try CLIP.load(other, from: golden)
  }

  private func pixels() throws -> Tensor { try golden.tensor("golden.pixel_values").channelsLast }

  private func texts() throws -> [[Int]] {
    let ids = try golden.integers("golden.input_ids")
    return (0..<3).map { Array(ids[$0 * 10..<$0 * 10 + 10]) }
  }

  @Test(arguments: ["quick_gelu", "gelu"])
  func embeddingsAndLogitsAreThoseOfTransformers(name: String) throws {
    let clip = try model(name)
    let images = l2Normalize(clip.vision(Variable(try pixels())))
    let texts = l2Normalize(clip.text(try texts()))
    let logits = scale(innerProducts(images, texts), by: exp(clip.logitScale.value.scalar))
    for (value, part) in [
      (images, "image_embeds"), (texts, "text_embeds"), (logits, "logits_per_image"),
    ] {
      #expect(
        value.value.distance(to: try golden.tensor("golden.\(name).\(part)")) < 1e-5, "\(part)")
    }
  }

  /// Each block by itself, so that a mismatch shows where it arises.
  @Test(arguments: ["quick_gelu", "gelu"])
  func statesAfterEachBlockAreThoseOfTransformers(name: String) throws {
    let clip = try model(name)
    func state(_ tower: String, _ number: Int) throws -> Tensor {
      try golden.tensor("golden.\(name).\(tower).\(number)")
    }
    #expect(
      clip.transformer.stream(Variable(try pixels())).value.distance(to: try state("vision", 0))
        < 1e-5)
    #expect(clip.text.stream(try texts()).value.distance(to: try state("text", 0)) < 1e-5)
    for number in 0..<2 {
      let vision = clip.transformer.transformer.blocks[number](
        Variable(try state("vision", number)), .everything)
      #expect(vision.value.distance(to: try state("vision", number + 1)) < 1e-5, "block \(number)")
      let text = clip.text.transformer.blocks[number](
        Variable(try state("text", number)), .causal)
      #expect(text.value.distance(to: try state("text", number + 1)) < 1e-5, "block \(number)")
    }
  }

  /// Of the contrastive loss over the images, through both towers.
  @Test func gradientsAreThoseOfPyTorch() throws {
    let tape = Tape()
    let images = l2Normalize(clip.vision(tape.constant(try pixels())))
    let texts = l2Normalize(clip.text(try texts(), on: tape))
    let logits = scale(innerProducts(images, texts), by: exp(clip.logitScale.value.scalar))
    tape.backward(crossEntropy(logits, labels: [0, 1, 2]))

    let parameters = Dictionary(uniqueKeysWithValues: clip.parameters.map { ($0.name, $0) })
    let names = golden.names.filter { $0.hasPrefix("golden.gradient.") }
    #expect(names.count == 16)
    for name in names {
      let expected = try golden.tensor(name)
      let parameter = try #require(parameters[String(name.dropFirst("golden.gradient.".count))])
      let inOurLayout =
        switch expected.shape.count {
        case 4: expected.fromPyTorchConvolution
        case 2 where !name.contains("embeddings"): expected.transposed
        default: expected
        }
      #expect(try #require(parameter.gradient).distance(to: inOurLayout) < 1e-4, "\(name)")
    }
    #expect(
      clip.parameters.filter { $0.gradient == nil }.map(\.name) == ["logit_scale"])
  }

  /// A text alone, without what follows its end, and beside longer ones.
  @Test func whatFollowsTheEndOfATextChangesNothing() throws {
    let texts = try texts()
    let all = clip.text(texts).value
    let short = clip.text([texts[1], Array(texts[0].prefix(4))]).value
    #expect(short.rows(1..<2).distance(to: all.rows(0..<1)) < 1e-5)
    #expect(clip.text([Array(texts[0].prefix(4))]).value.distance(to: all.rows(0..<1)) < 1e-5)
  }

  @Test func anImageIsWhatItIsInAnyBatch() throws {
    let pixels = try pixels()
    let all = clip.vision.embed(pixels: pixels)
    for row in 0..<3 {
      let one = clip.vision.embed(pixels: pixels.rows(row..<row + 1))
      #expect(one.distance(to: all.rows(row..<row + 1)) < 1e-5)
    }
    #expect(clip.vision.embed(pixels: pixels.rows(0..<0)).shape == [0, 12])
    #expect(clip.vision.width == 12)
  }

  @Test func everyTensorOfACheckpointHasItsParameter() {
    let stored = golden.names.filter { !$0.hasPrefix("golden.") }
    #expect(clip.parameters.map(\.name).sorted() == stored)
  }

  @Test func aTensorOfAnotherShapeIsNamedWithBothShapes() throws {
    var larger = configuration
    larger.transformer.imageSize = 24
    let error = #expect(throws: InputError.self) { try CLIP.load(larger, from: golden) }
    #expect(error?.what.contains("vision_model.embeddings.position_embedding.weight") == true)
    #expect(error?.expected == "[10, 24]" && error?.got == "[5, 24]")
  }

  @Test func aMissingTensorIsNamed() throws {
    var deeper = configuration
    deeper.text.transformer.layers = 3
    let error = #expect(throws: InputError.self) { try CLIP.load(deeper, from: golden) }
    #expect(error?.what.contains("text_model.encoder.layers.2.") == true)
  }
}
