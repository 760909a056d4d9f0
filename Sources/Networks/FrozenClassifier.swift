public import Tensors

/// An EfficientNet with its classifier, for inference: blocks fused, in the precision asked for, and what
/// stands above them in float32.
public struct FrozenClassifier: Sendable {
  private let blocks: FusedBlocks
  private let top: EfficientNet.Top

  /// - Parameters:
  ///   - network: of a configuration with a head.
  ///   - precision: one that `FrozenEfficientNet.requireAvailable` accepts.
  public init(_ network: EfficientNet, precision: Precision = .float32) {
    guard let top = network.folded().top else {
      preconditionFailure("an EfficientNet without a head has no logits")
    }
    self.top = top
    blocks = FrozenEfficientNet(network, precision: precision).blocks
  }

  /// [B, S, S, 3] to [B, classes]. On all cores, unless called from a parallel region; an image's numbers do
  /// not depend on the others.
  public func logits(pixels: Tensor) -> Tensor {
    let maps = blocks.lastMap(pixels)
    let classes = top.classifier.weight.value.shape[1]
    return Tensor([maps.shape[0], classes]) { out in
      // One after another: how a product is summed may depend on how many rows it has.
      for image in 0..<maps.shape[0] {
        let map = Variable(maps.rows(image..<image + 1))
        top.classifier(globalAveragePool(top.head(map))).value.withElements {
          _ = out[(image * classes)...].update(fromContentsOf: $0)
        }
      }
    }
  }
}
