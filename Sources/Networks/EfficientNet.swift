public import Support
public import Tensors

/// EfficientNet (Tan and Le, 2019) with frozen batch norms; padding is TensorFlow's.
///
/// Shape letters: B images, H x W pixels, C channels; channels last.
public struct EfficientNet: Sendable {
  /// Expand, depthwise, project; the input is added where the shapes allow it.
  struct Block: Sendable {
    /// 1x1; absent where the expansion is 1.
    var expand: ConvolutionNorm?
    var depthwise: ConvolutionNorm
    /// 1x1, without activation.
    var project: ConvolutionNorm
    var hasSkip: Bool

    func callAsFunction(_ x: Variable) -> Variable {
      let inner = expand.map { $0(x) } ?? x
      return project(depthwise(inner), adding: hasSkip ? x : nil)
    }

    var units: [ConvolutionNorm] { (expand.map { [$0] } ?? []) + [depthwise, project] }
  }

  /// The sizes.
  public let configuration: EfficientNetConfiguration
  let stem: ConvolutionNorm
  let blocks: [Block]
  let head: ConvolutionNorm
  let classifier: Linear

  /// Reads a checkpoint with efficientnet_lite_pytorch's names.
  ///
  /// - Parameter frozenStages: how many parts, counted from the input, are not trained: 1 is the
  ///   stem, 2 the stem and the first stage, and so on.
  /// - Throws: `InputError` naming the tensor that is missing or has another shape.
  public static func load(
    _ configuration: EfficientNetConfiguration, from file: some TensorSource, frozenStages: Int = 0
  ) throws(InputError) -> EfficientNet {
    func unit(
      _ convolution: String, _ norm: String, _ input: Int?, _ output: Int, kernel: Int = 1,
      stride: Int = 1, activation: Activation, isTrained: Bool = true
    ) throws(InputError) -> ConvolutionNorm {
      try .load(
        convolution, norm: norm, from: file, input: input, output: output, kernel: kernel,
        stride: stride, epsilon: configuration.epsilon, activation: activation,
        isTrained: isTrained)
    }
    let activation = configuration.activation
    let stem = try unit(
      "_conv_stem", "_bn0", 3, configuration.stem, kernel: 3, stride: 2, activation: activation,
      isTrained: frozenStages < 1)
    var blocks: [Block] = []
    var channels = configuration.stem
    for (number, stage) in configuration.stages.enumerated() {
      let isTrained = frozenStages < number + 2
      for repetition in 0..<stage.repeats {
        let name = "_blocks.\(blocks.count)"
        let inner = channels * stage.expansion
        let stride = repetition == 0 ? stage.stride : 1
        blocks.append(
          Block(
            expand: stage.expansion == 1
              ? nil
              : try unit(
                "\(name)._expand_conv", "\(name)._bn0", channels, inner, activation: activation,
                isTrained: isTrained),
            depthwise: try unit(
              "\(name)._depthwise_conv", "\(name)._bn1", nil, inner, kernel: stage.kernel,
              stride: stride, activation: activation, isTrained: isTrained),
            project: try unit(
              "\(name)._project_conv", "\(name)._bn2", inner, stage.output, activation: .identity,
              isTrained: isTrained),
            hasSkip: stride == 1 && channels == stage.output))
        channels = stage.output
      }
    }
    let weight = try file.tensor("_fc.weight", shape: [configuration.classes, configuration.head])
    let bias = try file.tensor("_fc.bias", shape: [configuration.classes])
    return EfficientNet(
      configuration: configuration, stem: stem, blocks: blocks,
      head: try unit("_conv_head", "_bn1", channels, configuration.head, activation: activation),
      classifier: Linear(
        weight: Parameter("_fc.weight", weight.transposed),
        bias: Parameter("_fc.bias", bias, decays: false)))
  }

  /// Feature maps at strides 4, 8, 16 and 32: the last of each stride, before the head.
  ///
  /// - Parameter x: [B, H, W, 3]
  /// - Returns: [B, H / 4, W / 4, C2] to [B, H / 32, W / 32, C5], sizes rounded up.
  public func features(_ x: Variable) -> [Variable] {
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

  /// The classifier's logits.
  ///
  /// - Parameter x: [B, H, W, 3]
  /// - Returns: [B, classes]
  public func classify(_ x: Variable) -> Variable {
    let map = head(blocks.reduce(stem(x)) { $1($0) })
    return classifier(globalAveragePool(map))
  }

  /// The same function for inference, every norm folded into its convolution.
  public func folded() -> EfficientNet {
    EfficientNet(
      configuration: configuration, stem: stem.folded(),
      blocks: blocks.map {
        Block(
          expand: $0.expand?.folded(), depthwise: $0.depthwise.folded(),
          project: $0.project.folded(), hasSkip: $0.hasSkip)
      },
      head: head.folded(), classifier: classifier)
  }

  /// Everything below the head: what `features` uses, under the checkpoint's names.
  public var featureParameters: [Parameter] {
    stem.parameters + blocks.flatMap { $0.units.flatMap(\.parameters) }
  }

  /// All parameters, under the checkpoint's names and in our layouts.
  public var parameters: [Parameter] {
    featureParameters + head.parameters + classifier.parameters
  }
}
