import Networks
import ONNX
import Tensors

/// An EfficientNet that embeds or classifies pictures of one size, as nodes.
extension EfficientNet: GraphTower {
  func embed(_ pixels: GraphValue, side: Int) -> GraphValue {
    lastMap(pixels, side: side).pooled
  }

  /// [B, 3, S, S] to logits [B, K]; only of a network with a head.
  func classify(_ pixels: GraphValue, side: Int) -> GraphValue {
    guard let top = folded().top else { preconditionFailure("a network without a head") }
    return top.classifier.ofRows(top.head(lastMap(pixels, side: side)).pooled)
  }

  private func lastMap(_ pixels: GraphValue, side: Int) -> GraphValue {
    let network = folded()
    var side = side
    let stem = network.stem.fixed(for: &side)
    return network.blocks.reduce(stem(pixels)) { map, block in
      var block = block
      block.depthwise = block.depthwise.fixed(for: &side)
      return block(map)
    }
  }
}

extension ConvolutionNorm {
  /// The same for a map of one size, which padding may depend on.
  ///
  /// - Parameter side: of the map, then of the result.
  fileprivate func fixed(for side: inout Int) -> ConvolutionNorm {
    let kernel = weight.value.shape[0]
    let (before, output) = padding.resolve(input: side, kernel: kernel, stride: stride)
    let after = max(0, (output - 1) * stride + kernel - side - before)
    side = output
    return ConvolutionNorm(
      weight: weight, norm: norm, stride: stride,
      padding: .sides(before: before, after: after), activation: activation)
  }
}

extension GraphValue {
  /// The means of a map's channels: [B, C, H, W] to [B, C].
  fileprivate var pooled: GraphValue { graph("GlobalAveragePool", self).squeezed([2, 3]) }
}
