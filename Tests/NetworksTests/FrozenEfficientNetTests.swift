import Networks
import Support
import Tensors
import TestSupport
import Testing

@Suite struct FrozenEfficientNetTests {
  /// The tower of `make_align.py`.
  let golden: SafeTensorsFile
  let network: EfficientNet

  init() throws {
    golden = try SafeTensorsFile(path: fixture("Goldens/align-tiny.safetensors"))
    network = try ALIGN.load(
      try ALIGNConfiguration(path: fixture("Goldens/align-tiny.json")), from: golden
    ).vision
  }

  @Test func equalsPyTorch() throws {
    let tower = FrozenEfficientNet(network)
    #expect(tower.width == 24)
    let pixels = try golden.tensor("golden.pixel_values").channelsLast
    let unit = l2Normalize(Variable(tower.embed(pixels: pixels))).value
    #expect(unit.distance(to: try golden.tensor("golden.image_embeds")) < 2e-5)
  }

  /// Widths that fill no register, kernels of 3, 5 and 7, both paddings, every way to cut rows into
  /// tiles, with and without excitation and expansion.
  @Test(arguments: [32, 45, 64, 75, 96, 121], [Activation.swish, .relu6, .relu])
  func equalsTheNetworkLayerByLayer(side: Int, activation: Activation) throws {
    let configuration = EfficientNetConfiguration(
      stem: 20,
      stages: [
        .init(repeats: 2, kernel: 7, stride: 1, expansion: 1, output: 12),
        .init(repeats: 2, kernel: 7, stride: 2, expansion: 3, output: 24),
        .init(repeats: 2, kernel: 3, stride: 2, expansion: 6, output: 40),
        .init(repeats: 1, kernel: 5, stride: 2, expansion: 4, output: 17),
        .init(repeats: 2, kernel: 5, stride: 1, expansion: 2, output: 33),
      ], head: nil, activation: activation, squeeze: side % 2 == 0 ? 0.25 : nil,
      stridedPadding: side < 60 ? .same : .fixed(squareBlocks: [4]))
    let network = try EfficientNet.load(configuration, from: NewTensors(seed: UInt64(side)))
    let pixels = Self.pixels([3, side, side, 3])
    let expected = network.embed(pixels: pixels)
    let result = FrozenEfficientNet(network).embed(pixels: pixels)
    #expect(result.distance(to: expected) < 1e-5)
    guard FusedBlocks.hasBFloat16 else { return }
    let rough = FrozenEfficientNet(network, precision: .bfloat16).embed(pixels: pixels)
    #expect(Self.cosine(rough, expected) > 0.9995)
  }

  /// The same bits for an image alone, in another batch and on one thread.
  @Test(arguments: FusedBlocks.hasBFloat16 ? Precision.allCases : [.float32])
  func anImageDoesNotDependOnItsBatch(precision: Precision) throws {
    let tower = FrozenEfficientNet(network, precision: precision)
    let pixels = Self.pixels([19, 45, 45, 3])
    let together = tower.embed(pixels: pixels)
    for image in [0, 7, 8, 18] {
      let alone = tower.embed(pixels: pixels.rows(image..<image + 1))
      #expect(alone.array == together.rows(image..<image + 1).array)
    }
    Parallel.items(2) { _ in #expect(tower.embed(pixels: pixels).array == together.array) }
    #expect(tower.embed(pixels: Tensor(zeros: [0, 45, 45, 3])).shape == [0, 24])
  }

  /// Values far outside what training sees neither overflow nor become NaN.
  @Test(arguments: FusedBlocks.hasBFloat16 ? Precision.allCases : [.float32])
  func largeValuesStayFinite(precision: Precision) throws {
    let tower = FrozenEfficientNet(network, precision: precision)
    for level in [-1e4, 1e4] as [Float] {
      let pixels = Tensor([1, 45, 45, 3]) { $0.initialize(repeating: level) }
      #expect(tower.embed(pixels: pixels).isFinite)
    }
  }

  private static func pixels(_ shape: [Int]) -> Tensor {
    var generator = SeededGenerator(seed: 5, stream: 1)
    return Tensor(shape) { out in
      for i in out.indices { out[i] = .random(in: -2...2, using: &generator) }
    }
  }

  private static func cosine(_ a: Tensor, _ b: Tensor) -> Float {
    let (a, b) = (l2Normalize(Variable(a)).value.array, l2Normalize(Variable(b)).value.array)
    let rows = Float(3)
    return zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } / rows
  }
}
