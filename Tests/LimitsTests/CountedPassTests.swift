import Limits
import Networks
import Student
import Support
import Tensors
import Testing

@Suite struct CountedPassTests {
  private func parameter(_ shape: [Int], isTrained: Bool = true) -> Parameter {
    Parameter("w", Tensor(zeros: shape), isTrained: isTrained)
  }

  /// 3x3, stride 2, from 5 x 5 cells of 2 channels to 3 x 3 of 4: 9 cells, 18 inputs and 4 outputs each.
  @Test func aConvolution() {
    var pass = CountedPass.inference()
    let out = pass.convolution(
      parameter([3, 3, 2, 4]), stride: 2, padding: .fixed(1), .init(images: 1, height: 5, width: 5))
    #expect(out == .init(images: 1, height: 3, width: 3))
    #expect(pass.count.written == 2 * 9 * 18 * 4)
    #expect(pass.count.products == pass.count.written)
    #expect(pass.count.bytes == 4 * 72)
  }

  /// A quarter of the products where Winograd's filtering takes them; bfloat16 weights have two bytes.
  @Test func aFilteredAndADepthwiseConvolution() {
    var pass = CountedPass.inference(.bfloat16)
    let map = CountedPass.Map(images: 2, height: 4, width: 4)
    pass.convolution(parameter([3, 3, 16, 32]), stride: 1, padding: .fixed(1), map)
    #expect(pass.count.written == 2 * 32 * 144 * 32)
    #expect(pass.count.products == pass.count.written / 4)
    pass.convolution(parameter([5, 5, 7]), stride: 1, padding: .same, map)
    #expect(pass.count.depthwise == 2 * 32 * 25 * 7)
    #expect(pass.count.bytes == 2 * (144 * 32 + 175))
  }

  /// Three layers of [10, 10] and 6 rows, 1,200 operations a product. The first is frozen: once. The second is
  /// trained, and nobody asks for the gradient of its input: twice. The third: three times.
  @Test func aTrainingStep() {
    var pass = CountedPass.training(numbersPerWeight: 1)
    pass.linear(parameter([10, 10], isTrained: false), rows: 6)
    #expect(pass.count.written == 1200)
    #expect(pass.count.bytes == 400)
    pass.linear(parameter([10, 10]), rows: 6)
    #expect(pass.count.written == 1200 * 3)
    pass.linear(parameter([10, 10]), rows: 6)
    #expect(pass.count.written == 1200 * 6)
    // Weights and maps both ways: momentum's step reads three numbers a weight and writes two.
    let expected: Double = 400 + 2 * (400 + 8 * 60 + 4 * 100 * 7)
    #expect(pass.count.bytes == expected)
  }

  /// ViT-B/32 has 4.4 billion multiply-adds, as its authors' and other libraries' tables have it.
  @Test func publishedFigures() throws {
    let sizes = VisionTransformer.Configuration(
      transformer: .init(
        width: 768, intermediate: 3072, layers: 12, heads: 12, activation: .quickGELU),
      imageSize: 224, patchSize: 32, projection: 512)
    var vision = CountedPass.inference()
    vision.visionTransformer(try .load(sizes, from: NewTensors(seed: 1)), images: 1)
    #expect(abs(vision.count.written / 2e9 - 4.4) < 0.05)
    #expect(vision.count.products < vision.count.written)
    // EfficientNet-Lite0 at 224 pixels, summed over its plan by hand: 385.2 million.
    var lite = CountedPass.inference()
    lite.classifier(try .load(.lite(0), from: NewTensors(seed: 1)), side: 224)
    #expect(abs((lite.count.written + lite.count.depthwise) / 2e6 - 385.2) < 0.05)
    // ResNet-50's published 4.1 billion at 224 pixels are those of its backbone.
    var resNet = CountedPass.inference()
    _ = resNet.backbone(
      try BackboneFamily.resNet50.network(
        from: NewTensors(seed: 1), frozenStages: 0, momentum: nil),
      .init(images: 1, height: 224, width: 224))
    #expect(abs(resNet.count.written / 2e9 - 4.09) < 0.05)
  }

  /// The slower of arithmetic and memory.
  @Test func theLimitIsTheSlower() {
    var peaks = Peaks()
    (peaks.float32, peaks.bfloat16, peaks.bandwidth) = (100, 200, 10)
    var count = ArithmeticCount()
    (count.written, count.products, count.depthwise, count.bytes) = (1000, 400, 50, 40)
    #expect(peaks.seconds(count, .float32) == 4.5)
    #expect(peaks.seconds(count, .bfloat16) == 4)
    count.bytes = 80
    #expect(peaks.seconds(count, .float32) == 8)
  }
}
