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
      _ convolution: String, _ norm: String, _ input: Int, _ output: Int, kernel: Int = 1,
      stride: Int = 1, activation: Activation = .relu, isTrained: Bool
    ) throws(InputError) -> ConvolutionNorm {
      try .load(
        convolution, norm: norm, from: source, input: input, output: output, kernel: kernel,
        stride: stride, padding: .fixed(kernel / 2), epsilon: configuration.epsilon,
        activation: activation, isTrained: isTrained, momentum: momentum)
    }
    let stem = try unit(
      "conv1", "bn1", 3, configuration.stem, kernel: 7, stride: 2, isTrained: frozenStages < 1)
    var stages: [[Bottleneck]] = []
    var channels = configuration.stem
    for (stage, output) in configuration.outputs.enumerated() {
      let (width, isTrained) = (configuration.width << stage, frozenStages < stage + 2)
      var blocks: [Bottleneck] = []
      for number in 0..<configuration.blocks[stage] {
        let name = "layer\(stage + 1).\(number)"
        let stride = number == 0 && stage > 0 ? 2 : 1
        let shortcut =
          number > 0
          ? nil
          : try unit(
            "\(name).downsample.0", "\(name).downsample.1", channels, output, stride: stride,
            activation: .identity, isTrained: isTrained)
        blocks.append(
          Bottleneck(
            reduce: try unit(
              "\(name).conv1", "\(name).bn1", channels, width, isTrained: isTrained),
            convolve: try unit(
              "\(name).conv2", "\(name).bn2", width, width, kernel: 3, stride: stride,
              isTrained: isTrained),
            expand: try unit(
              "\(name).conv3", "\(name).bn3", width, output, activation: .identity,
              isTrained: isTrained),
            shortcut: shortcut))
        channels = output
      }
      stages.append(blocks)
    }
    return ResNet(configuration: configuration, stem: stem, stages: stages)
  }
}
