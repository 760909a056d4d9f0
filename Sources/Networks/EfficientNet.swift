public import Tensors

/// EfficientNet (Tan and Le, 2019), its batch norms frozen or trained.
///
/// Shape letters: B images, H x W pixels, C channels; channels last.
public struct EfficientNet: Sendable {
  /// Expand, depthwise, weigh the channels, project; the input is added where the block only
  /// repeats its stage.
  package struct Block: Sendable {
    /// 1x1; absent where the expansion is 1.
    package var expand: ConvolutionNorm?
    package var depthwise: ConvolutionNorm
    /// Absent in the Lite series.
    package var excitation: SqueezeExcitation?
    /// 1x1, without activation.
    package var project: ConvolutionNorm
    package var hasSkip: Bool

    func callAsFunction(_ x: Variable) -> Variable {
      let inner = depthwise(expand.map { $0(x) } ?? x)
      return project(excitation.map { $0(inner) } ?? inner, adding: hasSkip ? x : nil)
    }

    func folded() -> Block {
      Block(
        expand: expand?.folded(), depthwise: depthwise.folded(), excitation: excitation,
        project: project.folded(), hasSkip: hasSkip)
    }

    var parameters: [Parameter] {
      (expand?.parameters ?? []) + depthwise.parameters + (excitation?.parameters ?? [])
        + project.parameters
    }
  }

  /// What makes logits of the last map.
  package struct Top: Sendable {
    package var head: ConvolutionNorm
    package var classifier: Linear

    var parameters: [Parameter] { head.parameters + classifier.parameters }
  }

  /// The sizes.
  public let configuration: EfficientNetConfiguration
  package let stem: ConvolutionNorm
  package let blocks: [Block]
  package let top: Top?
  /// Stem and blocks for inference in bfloat16.
  private var fused: FusedBlocks?

  init(
    configuration: EfficientNetConfiguration, stem: ConvolutionNorm, blocks: [Block], top: Top?
  ) {
    (self.configuration, self.stem, self.blocks) = (configuration, stem, blocks)
    self.top = top
  }

  /// Feature maps at strides 4, 8, 16 and 32: the last of each stride, before the head.
  ///
  /// - Parameter x: [B, H, W, 3]
  /// - Returns: [B, H / 4, W / 4, C2] to [B, H / 32, W / 32, C5], sizes rounded up with
  ///   TensorFlow's padding.
  public func features(_ x: Variable) -> [Variable] {
    if x.tape == nil, let fused {
      let ends = blocks.indices.filter {
        $0 + 1 == blocks.count || blocks[$0 + 1].depthwise.stride == 2
      }
      // The first map, of the first stage, has stride 2.
      return fused.maps(x.value, after: Array(ends.dropFirst())).map { Variable($0) }
    }
    var maps: [Variable] = []
    var last = stem(x)
    for block in blocks {
      if block.depthwise.stride == 2 { maps.append(last) }
      last = block(last)
    }
    // The first of them has stride 2.
    return maps.dropFirst() + [last]
  }

  /// Channels of the maps of `features`.
  public var featureChannels: [Int] {
    let stages = configuration.stages
    let ends = stages.indices.filter { $0 + 1 == stages.count || stages[$0 + 1].stride == 2 }
    return ends.dropFirst().map { stages[$0].output }
  }

  /// The means of the last stage's channels.
  ///
  /// - Parameter x: [B, H, W, 3]
  /// - Returns: [B, C5]
  public func pooled(_ x: Variable) -> Variable { globalAveragePool(lastMap(x)) }

  /// The classifier's logits; only for a configuration with a head.
  ///
  /// - Parameter x: [B, H, W, 3]
  /// - Returns: [B, classes]
  public func classify(_ x: Variable) -> Variable {
    guard let top else { preconditionFailure("an EfficientNet without a head has no logits") }
    return top.classifier(globalAveragePool(top.head(lastMap(x))))
  }

  private func lastMap(_ x: Variable) -> Variable { blocks.reduce(stem(x)) { $1($0) } }

  /// What the stem and every block give, in order.
  package func maps(_ x: Variable) -> [Variable] {
    blocks.reduce(into: [stem(x)]) { $0.append($1($0.last!)) }
  }

  /// The same function for inference, every norm folded into its convolution.
  ///
  /// - Parameter precision: of the products of `features`, and of its maps; must be available.
  public func folded(_ precision: Precision = .float32) -> EfficientNet {
    var network = EfficientNet(
      configuration: configuration, stem: stem.folded(), blocks: blocks.map { $0.folded() },
      top: top.map { Top(head: $0.head.folded(), classifier: $0.classifier) })
    if precision == .bfloat16 { network.fused = FusedBlocks(network, precision: precision) }
    return network
  }

  /// Everything below the head: what `features` uses, under the checkpoint's names.
  public var featureParameters: [Parameter] {
    stem.parameters + blocks.flatMap(\.parameters)
  }

  /// All parameters, under the checkpoint's names and in our layouts.
  public var parameters: [Parameter] { featureParameters + (top?.parameters ?? []) }
}

extension EfficientNet: Backbone {
  /// What the published weights were trained with: the Lite series apart from the others.
  public var pixels: PixelNormalization { configuration.squeeze == nil ? .lite : .imageNet }
}

extension EfficientNet: ImageTower {
  /// D: channels of the last stage.
  public var width: Int { configuration.stages.last!.output }

  /// The means of the last stage's channels: [B, S, S, 3] to [B, D].
  public func embed(pixels: Tensor) -> Tensor { pooled(Variable(pixels)).value }
}
