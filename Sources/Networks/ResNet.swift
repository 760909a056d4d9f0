public import Tensors

/// ResNet (He et al., 2016) of bottleneck blocks, with the stride on the 3x3 convolution as in
/// torchvision ("v1.5"). The classifier is left out.
///
/// Letters: B images, H x W pixels, C channels; channels last.
public struct ResNet: Sendable {
  /// 1x1 to fewer channels, 3x3, 1x1 back; what comes in is added before the last activation.
  struct Bottleneck: Sendable {
    var reduce, convolve: ConvolutionNorm
    /// Without activation.
    var expand: ConvolutionNorm
    /// 1x1 of the input, where the output has another shape; without activation.
    var shortcut: ConvolutionNorm?

    func callAsFunction(_ x: Variable) -> Variable {
      activate(expand(convolve(reduce(x)), adding: shortcut.map { $0(x) } ?? x), .relu)
    }

    func folded() -> Bottleneck {
      Bottleneck(
        reduce: reduce.folded(), convolve: convolve.folded(), expand: expand.folded(),
        shortcut: shortcut?.folded())
    }

    var parameters: [Parameter] {
      [reduce, convolve, expand, shortcut].compactMap { $0 }.flatMap(\.parameters)
    }
  }

  /// The sizes.
  public let configuration: ResNetConfiguration
  let stem: ConvolutionNorm
  /// One at each of the strides 4, 8, 16 and 32.
  let stages: [[Bottleneck]]
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

  public func folded() -> ResNet {
    ResNet(
      configuration: configuration, stem: stem.folded(),
      stages: stages.map { $0.map { $0.folded() } })
  }
}
