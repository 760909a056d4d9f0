public import Support
public import Tensors

extension CLIPResNet {
  /// Reads OpenAI's and open_clip's names: `visual.conv1`, `visual.bn1`, `visual.layer1.0.conv1`,
  /// `visual.attnpool.q_proj` and so on.
  ///
  /// - Parameter momentum: of the running statistics of norms that are trained; nil leaves all norms
  ///   as they are.
  /// - Throws: `InputError` naming the tensor that is missing or has another shape.
  public static func load(
    _ configuration: Configuration, from source: some TensorSource, momentum: Float? = nil
  ) throws(InputError) -> CLIPResNet {
    let width = configuration.width
    func unit(
      _ convolution: String, _ norm: String, _ input: Int, _ output: Int, kernel: Int = 1,
      stride: Int = 1, activation: Activation = .relu
    ) throws(InputError) -> ConvolutionNorm {
      try .load(
        "visual.\(convolution)", norm: "visual.\(norm)", from: source, input: input,
        output: output, kernel: kernel, stride: stride, padding: .fixed(kernel / 2), epsilon: 1e-5,
        activation: activation, isTrained: true, momentum: momentum)
    }
    let stem = [
      try unit("conv1", "bn1", 3, width / 2, kernel: 3, stride: 2),
      try unit("conv2", "bn2", width / 2, width / 2, kernel: 3),
      try unit("conv3", "bn3", width / 2, width, kernel: 3),
    ]
    var blocks: [Bottleneck] = []
    var channels = width
    for (stage, count) in configuration.blocks.enumerated() {
      let (inner, output) = (width << stage, 4 * width << stage)
      for number in 0..<count {
        let name = "layer\(stage + 1).\(number)"
        let shortcut =
          number > 0
          ? nil
          : try unit(
            "\(name).downsample.0", "\(name).downsample.1", channels, output,
            activation: .identity)
        blocks.append(
          Bottleneck(
            reduce: try unit("\(name).conv1", "\(name).bn1", channels, inner),
            convolve: try unit("\(name).conv2", "\(name).bn2", inner, inner, kernel: 3),
            expand: try unit(
              "\(name).conv3", "\(name).bn3", inner, output, activation: .identity),
            shortcut: shortcut, halves: number == 0 && stage > 0))
        channels = output
      }
    }
    return CLIPResNet(
      configuration: configuration, stem: stem, blocks: blocks,
      pool: try .load("visual.attnpool", configuration, from: source))
  }
}
