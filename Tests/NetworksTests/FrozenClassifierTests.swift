import Networks
import Support
import Tensors
import TestSupport
import Testing

@Suite struct FrozenClassifierTests {
  let golden: SafeTensorsFile
  let network: EfficientNet

  init() throws {
    golden = try SafeTensorsFile(path: fixture("Goldens/efficientnet-tiny.safetensors"))
    network = try EfficientNet.load(EfficientNetTests.tiny, from: golden)
  }

  /// The last stage has 24 channels, which fill no vector of 16.
  @Test(arguments: ["odd", "even"]) func logitsAreThoseOfPyTorch(name: String) throws {
    let pixels = try golden.tensor("golden.\(name).input").channelsLast
    let logits = FrozenClassifier(network).logits(pixels: pixels)
    #expect(logits.distance(to: try golden.tensor("golden.\(name).logits")) < 1e-5)
  }

  @Test(.enabled(if: FusedBlocks.hasBFloat16)) func logitsInBFloat16AreNear() throws {
    let pixels = try golden.tensor("golden.even.input").channelsLast
    let logits = FrozenClassifier(network, precision: .bfloat16).logits(pixels: pixels)
    let expected = try golden.tensor("golden.even.logits")
    #expect(logits.distance(to: expected) < 0.05)
    #expect(logits.distance(to: expected) > 0)
  }

  @Test func anImageDoesNotDependOnThoseBesideIt() {
    var generator = SeededGenerator(seed: 1)
    let pixels = Tensor.normal([3, 33, 33, 3], standardDeviation: 1, using: &generator)
    let classifier = FrozenClassifier(network)
    let together = classifier.logits(pixels: pixels)
    for image in 0..<3 {
      let alone = classifier.logits(pixels: pixels.rows(image..<image + 1))
      #expect(alone.array == together.rows(image..<image + 1).array)
    }
    #expect(classifier.logits(pixels: Tensor(zeros: [0, 33, 33, 3])).shape == [0, 10])
  }
}
