import Networks
import Tensors
import TestSupport
import Testing

@Suite struct ResNetTests {
  /// Channels of torchvision's networks, and names of every part.
  @Test func sizesAndFrozenParts() throws {
    #expect(ResNetConfiguration.resNet50.outputs == [256, 512, 1024, 2048])
    let sizes = ResNetConfiguration(stem: 4, blocks: [1, 2, 1, 1], width: 2)
    let network = try ResNet.load(
      sizes, from: NewTensors(seed: 1), frozenStages: 2, momentum: 0.997)
    #expect(network.featureChannels == [8, 16, 32, 64])
    let maps = network.features(Variable(Tensor(zeros: [1, 64, 96, 3])))
    #expect(
      maps.map(\.shape) == [[1, 16, 24, 8], [1, 8, 12, 16], [1, 4, 6, 32], [1, 2, 3, 64]])
    let trained = network.featureParameters.filter(\.isTrained).map(\.name)
    #expect(!trained.contains { $0.hasPrefix("conv1") || $0.hasPrefix("layer1") })
    #expect(
      trained.contains("layer2.1.bn3.weight") && trained.contains("layer2.0.downsample.0.weight"))
    #expect(!trained.contains { $0.contains("running") })
    // Frozen norms are never trained.
    let frozen = try ResNet.load(sizes, from: NewTensors(seed: 1)).featureParameters
    #expect(!frozen.contains { $0.isTrained && $0.name.contains("bn") })
  }

  @Test func basicBlocks() throws {
    #expect(ResNetConfiguration.resNet18.outputs == [64, 128, 256, 512])
    let network = try ResNet.load(.resNet34.with(width: 2), from: NewTensors(seed: 1))
    #expect(network.featureChannels == [2, 4, 8, 16])
    let names = network.featureParameters.map(\.name)
    // Stem and 16 blocks of two convolutions, each with a norm of four; three shortcuts.
    #expect(names.count == 5 * (1 + 32 + 3) && Set(names).count == names.count)
    #expect(!names.contains { $0.hasPrefix("layer1.0.downsample") })
  }

  /// Kernels as in torchvision, by fan-out: 3x3 to 512 channels have variance 2 / 4608.
  @Test func newWeightsAreThoseOfTorchvision() throws {
    let network = try ResNet.load(.resNet18, from: NewTensors(seed: 1), momentum: 0.9)
    let parameters = Dictionary(
      uniqueKeysWithValues: network.featureParameters.map { ($0.name, $0.value) })
    let kernel = try #require(parameters["layer4.0.conv1.weight"]).array
    let variance = kernel.reduce(0) { $0 + Double($1 * $1) } / Double(kernel.count)
    #expect(abs(variance * 4608 / 2 - 1) < 0.01)
    for (name, value) in parameters where value.shape.count == 1 {
      let isOne = name.hasSuffix("weight") || name.hasSuffix("running_var")
      #expect(value.array.allSatisfy { $0 == (isOne ? 1 : 0) }, "\(name)")
    }
  }

  /// A narrow ResNet-18 against torchvision (`make_resnet.py`): its maps, a step's gradients and
  /// the running statistics that the step leaves.
  @Test func resNet18IsThatOfTorchvision() throws {
    let golden = try SafeTensorsFile(path: fixture("Goldens/resnet18-narrow.safetensors"))
    let network = try ResNet.load(.resNet18.with(width: 4), from: golden, momentum: 0.9)
    let input = try golden.tensor("golden.input").channelsLast
    for inference in [network, network.folded()] {
      for (map, stride) in zip(inference.features(Variable(input)), [4, 8, 16, 32]) {
        let expected = try golden.tensor("golden.inference.\(stride)").channelsLast
        #expect(map.value.distance(to: expected) < 1e-5, "stride \(stride)")
      }
    }
    let tape = Tape()
    var loss = Variable(Tensor(scalar: 0))
    for (map, stride) in zip(network.features(tape.constant(input)), [4, 8, 16, 32]) {
      let expected = try golden.tensor("golden.training.\(stride)").channelsLast
      #expect(map.value.distance(to: expected) < 1e-5, "stride \(stride)")
      let weights = try golden.tensor("golden.weights.\(stride)").channelsLast
      let product = linear(
        reshape(map, [1, -1]), Variable(weights.reshaped([weights.count, 1])))
      loss = add(reshape(product, []), loss)
    }
    tape.backward(loss)
    let parameters = network.featureParameters
    #expect(
      parameters.map(\.name).sorted() == golden.names.filter { !$0.hasPrefix("golden.") }.sorted())
    for parameter in parameters {
      guard parameter.isTrained else {
        let expected = try golden.tensor("golden.after.\(parameter.name)")
        #expect(parameter.value.distance(to: expected) < 1e-5, "\(parameter.name)")
        continue
      }
      let expected = try golden.tensor("golden.gradient.\(parameter.name)")
      let gradient = try #require(parameter.gradient, "\(parameter.name)")
      let distance = gradient.distance(
        to: expected.shape.count == 4 ? expected.fromPyTorchConvolution : expected)
      #expect(distance < 1e-4, "\(parameter.name)")
    }
  }

  /// The published file's own form, against torchvision (`Tests/Peers/make_resnet.py`).
  @Test func fullSizeResNet50() throws {
    let what = "a folder that make_resnet.py wrote"
    guard let folder = Shared.named(by: "VILD_RESNET", what) else { return }
    let network = try ResNet.load(.resNet50, from: Weights(path: "\(folder)/resnet50.pth"))
    let golden = try SafeTensorsFile(path: "\(folder)/golden.safetensors")
    let x = Variable(try golden.tensor("input"))
    for network in [network, network.folded()] {
      for (map, stride) in zip(network.features(x), [4, 8, 16, 32]) {
        let distance = map.value.distance(to: try golden.tensor("features.\(stride)"))
        #expect(distance < 1e-5, "stride \(stride)")
      }
    }
  }
}
