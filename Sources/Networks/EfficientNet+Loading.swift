public import Support
public import Tensors

extension EfficientNet {
  /// Reads a checkpoint.
  ///
  /// - Parameters:
  ///   - names: what its tensors are called.
  ///   - frozenStages: how many parts, counted from the input, are not trained: 1 is the stem, 2
  ///     the stem and the first stage, and so on.
  ///   - momentum: of the running statistics of norms that are trained, in the parts that are; nil
  ///     leaves all norms as they are.
  /// - Throws: `InputError` naming the tensor that is missing or has another shape.
  public static func load(
    _ configuration: EfficientNetConfiguration, from source: some TensorSource,
    names: EfficientNetNames = .pyTorchPort, frozenStages: Int = 0, momentum: Float? = nil
  ) throws(InputError) -> EfficientNet {
    func unit(
      _ name: EfficientNetNames.Unit, _ input: Int?, _ output: Int, kernel: Int = 1,
      stride: Int = 1, padding: Padding = .same, isActive: Bool = true, isTrained: Bool = true
    ) throws(InputError) -> ConvolutionNorm {
      try .load(
        name.convolution, norm: name.norm, from: source, input: input, output: output,
        kernel: kernel, stride: stride, padding: padding, epsilon: configuration.epsilon,
        activation: isActive ? configuration.activation : .identity, isTrained: isTrained,
        momentum: momentum)
    }
    let stem = try unit(
      names.stem, 3, configuration.stem, kernel: 3, stride: 2,
      padding: configuration.stridedPadding.ofStem, isTrained: frozenStages < 1)
    var blocks: [Block] = []
    var channels = configuration.stem
    for (number, stage) in configuration.stages.enumerated() {
      let isTrained = frozenStages < number + 2
      for repetition in 0..<stage.repeats {
        let name = "\(names.blocks).\(blocks.count)"
        let inner = channels * stage.expansion
        let stride = repetition == 0 ? stage.stride : 1
        let expand =
          stage.expansion == 1
          ? nil
          : try unit(names.expand.inside(name), channels, inner, isTrained: isTrained)
        let depthwise = try unit(
          names.depthwise.inside(name), nil, inner, kernel: stage.kernel, stride: stride,
          padding: stride == 1
            ? .same : configuration.stridedPadding.ofBlock(blocks.count, kernel: stage.kernel),
          isTrained: isTrained)
        var excitation: SqueezeExcitation?
        if let ratio = configuration.squeeze {
          excitation = try .load(
            squeeze: "\(name).\(names.squeeze)", excite: "\(name).\(names.excite)", from: source,
            channels: inner, reduced: max(1, Int(Double(channels) * ratio)),
            activation: configuration.activation, isTrained: isTrained)
        }
        blocks.append(
          Block(
            expand: expand, depthwise: depthwise, excitation: excitation,
            project: try unit(
              names.project.inside(name), inner, stage.output, isActive: false,
              isTrained: isTrained),
            hasSkip: repetition > 0))
        channels = stage.output
      }
    }
    var top: Top?
    if let width = configuration.head {
      let name = names.classifier
      let weight = try source.tensor("\(name).weight", shape: [configuration.classes, width])
      let bias = try source.tensor("\(name).bias", shape: [configuration.classes])
      top = Top(
        head: try unit(names.head, channels, width),
        classifier: Linear(
          weight: Parameter("\(name).weight", weight.transposed),
          bias: Parameter("\(name).bias", bias, decays: false)))
    }
    return EfficientNet(configuration: configuration, stem: stem, blocks: blocks, top: top)
  }
}
