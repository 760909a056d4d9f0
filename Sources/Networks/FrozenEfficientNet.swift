public import Support
public import Tensors

/// An EfficientNet for inference: norms folded, blocks fused, in the precision asked for.
///
/// Shape letters: B images, S side, D channels of the last stage.
public struct FrozenEfficientNet: ImageTower {
  let blocks: FusedBlocks

  /// - Parameters:
  ///   - network: of which what lies above the last stage is left out.
  ///   - precision: one that `requireAvailable` accepts.
  public init(_ network: EfficientNet, precision: Precision = .float32) {
    blocks = FusedBlocks(network.folded(), precision: precision)
  }

  /// - Throws: `InputError` (`configuration`) for bfloat16 on a processor without it. oneDNN is not
  ///   needed.
  public static func requireAvailable(_ precision: Precision) throws(InputError) {
    guard precision == .float32 || FusedBlocks.hasBFloat16 else {
      throw InputError(
        .configuration, "this processor has no bfloat16 arithmetic", expected: "AVX-512 BF16",
        hint: "use precision: float32")
    }
  }

  /// D
  public var width: Int { blocks.outputs }

  /// The means of the last stage's channels: [B, S, S, 3] to [B, D]. On all cores, unless called
  /// from a parallel region.
  public func embed(pixels: Tensor) -> Tensor { blocks(pixels) }
}

extension FusedBlocks {
  /// Stem and blocks of a network that is folded already.
  init(_ network: EfficientNet, precision: Precision) {
    self.init(
      stem: network.stem.product, padding: network.stem.padding,
      activation: network.configuration.activation,
      blocks: network.blocks.map { block in
        FusedBlocks.Block(
          expand: block.expand?.product, depthwise: block.depthwise.product,
          stride: block.depthwise.stride,
          padding: block.depthwise.padding,
          excitation: block.excitation.map {
            .init(squeeze: $0.squeeze.product, excite: $0.excite.product)
          },
          project: block.project.product, hasSkip: block.hasSkip)
      }, precision: precision)
  }
}

extension ConvolutionNorm {
  /// A folded convolution, dense or depthwise.
  fileprivate var product: FusedBlocks.Product {
    guard case .folded(let bias, _) = norm else { preconditionFailure("the norm is not folded") }
    return FusedBlocks.Product(weight: weight.value, bias: bias.value)
  }
}

extension Linear {
  fileprivate var product: FusedBlocks.Product {
    FusedBlocks.Product(weight: weight.value, bias: bias!.value)
  }
}
