import Networks
import Support
import Tensors

extension ConvolutionNorm {
  /// A new square convolution, He-initialised unless a deviation is given, and after it the
  /// configured norm or a bias.
  ///
  /// - Parameter normName: of the norm; `name` with ".norm" by default.
  static func new(
    _ name: String, kernel: Int, from input: Int, to output: Int, stride: Int = 1,
    norm: NormalizationConfiguration, normName: String? = nil, activation: Activation = .identity,
    standardDeviation: Float? = nil, using generator: inout SeededGenerator
  ) -> ConvolutionNorm {
    let plain = Convolution.new(
      name, kernel: kernel, from: input, to: output, activation: activation,
      standardDeviation: standardDeviation, using: &generator)
    return ConvolutionNorm(
      weight: plain.weight,
      norm: norm.new(normName ?? "\(name).norm", channels: output).map { .batch($0) }
        ?? .bias(plain.bias!),
      stride: stride, padding: plain.padding, activation: activation)
  }
}

extension LinearNorm {
  /// A new fully connected layer with a ReLU, He-initialised, and in it the configured norm or a
  /// bias.
  static func new(
    _ name: String, from input: Int, to output: Int, norm: NormalizationConfiguration,
    using generator: inout SeededGenerator
  ) -> LinearNorm {
    let plain = Linear.new(
      name, from: input, to: output, activation: .relu, using: &generator)
    let norm = norm.new("\(name).norm", channels: output)
    return LinearNorm(
      Linear(weight: plain.weight, bias: norm == nil ? plain.bias : nil), norm: norm,
      activation: .relu)
  }
}

extension NormalizationConfiguration {
  /// A new norm, nil where there shall be none.
  func new(_ name: String, channels: Int) -> BatchNorm? {
    kind == .none
      ? nil : BatchNorm(name, channels: channels, epsilon: epsilon, momentum: momentum)
  }
}

extension Convolution {
  /// A new square convolution with "same" padding, He-initialised unless a deviation is given.
  static func new(
    _ name: String, kernel: Int, from input: Int, to output: Int,
    activation: Activation = .identity, standardDeviation: Float? = nil,
    using generator: inout SeededGenerator
  ) -> Convolution {
    let shape = [kernel, kernel, input, output]
    let fanIn = kernel * kernel * input
    let deviation = standardDeviation ?? ((activation == .relu ? 2 : 1) / Float(fanIn)).squareRoot()
    return Convolution(
      weight: Parameter(
        "\(name).weight",
        .normal(shape, standardDeviation: deviation, using: &generator)),
      bias: Parameter("\(name).bias", Tensor(zeros: [output]), decays: false),
      padding: .fixed(kernel / 2), activation: activation)
  }
}

extension Linear {
  /// A new fully connected layer, He-initialised unless a deviation is given.
  static func new(
    _ name: String, from input: Int, to output: Int, activation: Activation = .identity,
    standardDeviation: Float? = nil, using generator: inout SeededGenerator
  ) -> Linear {
    let deviation = standardDeviation ?? ((activation == .relu ? 2 : 1) / Float(input)).squareRoot()
    return Linear(
      weight: Parameter(
        "\(name).weight",
        .normal([input, output], standardDeviation: deviation, using: &generator)),
      bias: Parameter("\(name).bias", Tensor(zeros: [output]), decays: false),
      activation: activation)
  }
}
