public import Support
public import Tensors

extension ResNet {
  /// Reads a checkpoint under torchvision's names: `conv1`, `bn1`, `layer1.0.conv1` and so on.
  ///
  /// - Parameters:
  ///   - frozenStages: how many parts, counted from the input, are not trained: 1 is the stem, 2
  ///     the stem and the first stage, up to 5.
  ///   - momentum: of the running statistics of norms that are trained, in the parts that are; nil
  ///     leaves all norms as they are.
  /// - Throws: `InputError` naming the tensor that is missing or has another shape.
  public static func load(
    _ configuration: ResNetConfiguration, from source: some TensorSource, frozenStages: Int = 0,
    momentum: Float? = nil
  ) throws(InputError) -> ResNet {
    func unit(
      _ convolution: String, _ norm: String, _ input: Int, _ output: Int, kernel: Int,
      stride: Int = 1, activation: Activation = .relu, isTrained: Bool
    ) throws(InputError) -> ConvolutionNorm {
      try .load(
        convolution, norm: norm, from: source, input: input, output: output, kernel: kernel,
        stride: stride, padding: .fixed(kernel / 2), epsilon: configuration.epsilon,
        activation: activation, isTrained: isTrained, momentum: momentum)
    }
    let stem = try unit(
      "conv1", "bn1", 3, configuration.stem, kernel: 7, stride: 2, isTrained: frozenStages < 1)
    var stages: [[Block]] = []
    var channels = configuration.stem
    for (stage, output) in configuration.outputs.enumerated() {
      let (width, isTrained) = (configuration.width << stage, frozenStages < stage + 2)
      /// Kernel, output channels, and whether the stage's stride is here.
      let plan: [(kernel: Int, output: Int, strides: Bool)] =
        switch configuration.block {
        case .basic: [(3, output, true), (3, output, false)]
        case .bottleneck:
          [
            (1, width, configuration.stridesFirst), (3, width, !configuration.stridesFirst),
            (1, output, false),
          ]
        }
      var blocks: [Block] = []
      for number in 0..<configuration.blocks[stage] {
        let name = "layer\(stage + 1).\(number)"
        let stride = number == 0 && stage > 0 ? 2 : 1
        let shortcut =
          stride == 1 && channels == output
          ? nil
          : try unit(
            "\(name).downsample.0", "\(name).downsample.1", channels, output, kernel: 1,
            stride: stride, activation: .identity, isTrained: isTrained)
        var convolutions: [ConvolutionNorm] = []
        for (i, part) in plan.enumerated() {
          convolutions.append(
            try unit(
              "\(name).conv\(i + 1)", "\(name).bn\(i + 1)", channels, part.output,
              kernel: part.kernel, stride: part.strides ? stride : 1,
              activation: i + 1 < plan.count ? .relu : .identity, isTrained: isTrained))
          channels = part.output
        }
        blocks.append(Block(convolutions: convolutions, shortcut: shortcut))
      }
      stages.append(blocks)
    }
    return ResNet(configuration: configuration, stem: stem, stages: stages)
  }
}
