import Foundation
import Networks
import Support
import Tensors
import TestSupport
import Testing

@Suite struct EfficientNetTests {
  let golden: SafeTensorsFile
  let network: EfficientNet

  /// The sizes of `make_networks.py`.
  static let tiny = EfficientNetConfiguration(
    stem: 8,
    stages: [
      .init(repeats: 1, kernel: 3, stride: 1, expansion: 1, output: 16),
      .init(repeats: 2, kernel: 3, stride: 2, expansion: 6, output: 8),
      .init(repeats: 2, kernel: 5, stride: 2, expansion: 6, output: 16),
      .init(repeats: 1, kernel: 3, stride: 2, expansion: 6, output: 16),
      .init(repeats: 2, kernel: 5, stride: 1, expansion: 6, output: 24),
      .init(repeats: 1, kernel: 5, stride: 2, expansion: 6, output: 32),
      .init(repeats: 1, kernel: 3, stride: 1, expansion: 6, output: 24),
    ], head: 320, classes: 10, activation: .relu6)

  init() throws {
    golden = try SafeTensorsFile(path: fixture("Goldens/efficientnet-tiny.safetensors"))
    network = try EfficientNet.load(Self.tiny, from: golden)
  }

  /// Sizes that no stride divides, and sizes that all divide; norms apart and folded.
  @Test(arguments: ["odd", "even"], [false, true])
  func featuresAndLogitsAreThoseOfPyTorch(name: String, isFolded: Bool) throws {
    let network = isFolded ? network.folded() : network
    let x = Variable(try golden.tensor("golden.\(name).input").channelsLast)
    let maps = network.features(x)
    #expect(maps.map { $0.shape[3] } == network.featureChannels)
    for (map, stride) in zip(maps, [4, 8, 16, 32]) {
      let expected = try golden.tensor("golden.\(name).features.\(stride)").channelsLast
      #expect(map.value.distance(to: expected) < 1e-5, "stride \(stride)")
    }
    let logits = try golden.tensor("golden.\(name).logits")
    #expect(network.classify(x).value.distance(to: logits) < 1e-5)
  }

  /// Kernels of each kind, through norms that stay as they are.
  @Test func gradientsAreThoseOfPyTorch() throws {
    let tape = Tape()
    let x = tape.constant(try golden.tensor("golden.even.input").channelsLast)
    let logits = network.classify(x)
    let weights = Variable(try golden.tensor("golden.weights").reshaped([10, 1]))
    tape.backward(reshape(linear(logits, weights), []))

    let parameters = Dictionary(uniqueKeysWithValues: network.parameters.map { ($0.name, $0) })
    let names = golden.names.filter { $0.hasPrefix("golden.gradient.") }
    #expect(names.count == 4)
    for name in names {
      let expected = try golden.tensor(name)
      let parameter = try #require(parameters[String(name.dropFirst("golden.gradient.".count))])
      let isDepthwise = name.contains("depthwise")
      let inOurLayout =
        isDepthwise ? expected.fromPyTorchDepthwise : expected.fromPyTorchConvolution
      #expect(try #require(parameter.gradient).distance(to: inOurLayout) < 1e-4, "\(name)")
    }
    #expect(network.parameters.filter { $0.name.contains("_bn") }.allSatisfy { $0.gradient == nil })
  }

  @Test func frozenStagesHaveNoGradients() throws {
    let network = try EfficientNet.load(Self.tiny, from: golden, frozenStages: 3)
    let tape = Tape()
    let x = tape.constant(try golden.tensor("golden.even.input").channelsLast)
    tape.backward(
      reshape(
        linear(network.classify(x), Variable(Tensor([10, 1], .init(repeating: 1, count: 10)))), []))
    let trained = network.parameters.filter { $0.gradient != nil }.map(\.name)
    // Stem, block 0, blocks 1 and 2 are the first three parts.
    #expect(trained.first == "_blocks.3._expand_conv.weight")
    #expect(trained == network.parameters.filter(\.isTrained).map(\.name))
  }

  @Test func everyTensorOfACheckpointHasItsParameter() throws {
    let stored = golden.names.filter { !$0.hasPrefix("golden.") }
    #expect(network.parameters.map(\.name).sorted() == stored)
  }

  @Test func aTensorOfAnotherShapeIsNamedWithBothShapes() throws {
    var wider = Self.tiny
    wider.stages[6].output = 40
    let error = #expect(throws: InputError.self) { try EfficientNet.load(wider, from: golden) }
    #expect(error?.what.contains("_blocks.9._project_conv.weight") == true)
    #expect(error?.expected == "[40, 192, 1, 1]" && error?.got == "[24, 192, 1, 1]")
  }

  @Test func aMissingTensorIsNamed() throws {
    var deeper = Self.tiny
    deeper.stages[6].repeats = 2
    let error = #expect(throws: InputError.self) { try EfficientNet.load(deeper, from: golden) }
    #expect(error?.what.contains("_blocks.10._expand_conv.weight") == true)
  }

  /// The published plans: channels of C2...C5 and the number of blocks.
  @Test(
    arguments: zip(
      0...4,
      [
        [24, 40, 112, 320], [24, 40, 112, 320], [24, 48, 120, 352], [32, 48, 136, 384],
        [32, 56, 160, 448],
      ]))
  func publishedWidths(size: Int, channels: [Int]) {
    let stages = EfficientNetConfiguration.lite(size).stages
    #expect([1, 2, 4, 6].map { stages[$0].output } == channels)
    #expect(stages.reduce(0) { $0 + $1.repeats } == [16, 21, 21, 24, 30][size])
  }

  @Test(.enabled(if: Shared.has("real/backbone/efficientnet-lite0.safetensors")))
  func loadsLite0() throws {
    let file = try SafeTensorsFile(
      path: Shared.path("real/backbone/efficientnet-lite0.safetensors"))
    let network = try EfficientNet.load(.lite(0), from: file)
    #expect(network.parameters.map(\.name).sorted() == file.names)
    #expect(network.featureChannels == [24, 40, 112, 320])
  }
}
