public import Tensors

/// ResNet (He et al., 2016), usually with the stride on the 3x3 convolution of a bottleneck, as in
/// torchvision ("v1.5"). The classifier is left out.
///
/// Letters: B images, H x W pixels, C channels; channels last.
public struct ResNet: Sendable {
  /// What comes in is added to what the convolutions make of it, before the last activation.
  package struct Block: Sendable {
    /// The last one without activation.
    package var convolutions: [ConvolutionNorm]
    /// 1x1 of the input, where the output has another shape; without activation.
    package var shortcut: ConvolutionNorm?

    func callAsFunction(_ x: Variable) -> Variable {
      let inner = convolutions.dropLast().reduce(x) { $1($0) }
      return convolutions.last!(inner, adding: shortcut.map { $0(x) } ?? x, then: .relu)
    }

    func folded(_ precision: Precision) -> Block {
      Block(
        convolutions: convolutions.map { $0.folded(precision) },
        shortcut: shortcut?.folded(precision))
    }

    var parameters: [Parameter] {
      (convolutions + (shortcut.map { [$0] } ?? [])).flatMap(\.parameters)
    }
  }

  /// The sizes.
  public let configuration: ResNetConfiguration
  package let stem: ConvolutionNorm
  /// One at each of the strides 4, 8, 16 and 32.
  package let stages: [[Block]]
}

extension ResNet: Backbone {
  public var pixels: PixelNormalization { .imageNet }

  public var featureChannels: [Int] { configuration.outputs }

  /// The last map of each stage.
  public func features(_ x: Variable) -> [Variable] {
    var map = maxPool2d(stem(x), kernel: 3, stride: 2, padding: 1)
    return stages.map { blocks in
      map = blocks.reduce(map) { $1($0) }
      return map
    }
  }

  public var featureParameters: [Parameter] {
    stem.parameters + stages.joined().flatMap(\.parameters)
  }

  public func folded(_ precision: Precision = .float32) -> ResNet {
    ResNet(
      configuration: configuration, stem: stem.folded(precision),
      stages: stages.map { $0.map { $0.folded(precision) } })
  }
}
