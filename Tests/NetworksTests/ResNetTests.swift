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
