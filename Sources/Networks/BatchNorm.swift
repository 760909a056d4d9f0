public import Support
public import Tensors

/// Batch normalisation: each channel is shifted and scaled by a mean and a variance, then by two
/// learned numbers.
///
/// Letters: C channels.
public struct BatchNorm: Sendable {
  /// [C], PyTorch's gamma.
  public let weight: Parameter
  /// [C], PyTorch's beta.
  public let bias: Parameter
  /// [C], the running mean; a parameter so that checkpoints keep it, never trained by gradients.
  public let mean: Parameter
  /// [C], the running variance, like the mean.
  public let variance: Parameter
  /// Added to the variance.
  public let epsilon: Float
  /// The share of the running statistics that a step leaves: running = momentum x running
  /// + (1 - momentum) x batch. The paper's is 0.997, which is 0.003 in PyTorch's way of counting.
  public let momentum: Float

  /// A new norm that changes nothing: mean 0, variance 1.
  public init(_ name: String, channels: Int, epsilon: Float, momentum: Float) {
    func parameter(_ part: String, _ value: Float, isTrained: Bool) -> Parameter {
      Parameter(
        "\(name).\(part)", Tensor([channels], Array(repeating: value, count: channels)),
        isTrained: isTrained, decays: false)
    }
    weight = parameter("weight", 1, isTrained: true)
    bias = parameter("bias", 0, isTrained: true)
    mean = parameter("running_mean", 0, isTrained: false)
    variance = parameter("running_var", 1, isTrained: false)
    (self.epsilon, self.momentum) = (epsilon, momentum)
  }

  /// Reads `name.weight`, `name.bias`, `name.running_mean` and `name.running_var`, each [channels].
  ///
  /// - Parameters:
  ///   - isTrained: whether weight and bias are.
  ///   - momentum: 1 for a norm that stays as it is.
  /// - Throws: `InputError` naming the tensor that is missing or has another shape.
  public init(
    loading name: String, channels: Int, epsilon: Float, momentum: Float = 1,
    isTrained: Bool = false, from source: some TensorSource
  ) throws(InputError) {
    func parameter(_ part: String, isTrained: Bool = false) throws(InputError) -> Parameter {
      let full = "\(name).\(part)"
      return Parameter(
        full, try source.tensor(full, shape: [channels]), isTrained: isTrained, decays: false)
    }
    weight = try parameter("weight", isTrained: isTrained)
    bias = try parameter("bias", isTrained: isTrained)
    mean = try parameter("running_mean")
    variance = try parameter("running_var")
    (self.epsilon, self.momentum) = (epsilon, momentum)
  }

  /// On a tape, which is training, each channel of the whole batch gets mean 0 and variance 1, and
  /// the running statistics move; without one the running statistics are used.
  ///
  /// - Parameter x: [..., C]
  public func callAsFunction(_ x: Variable) -> Variable {
    guard let tape = x.tape else {
      return batchNormFrozen(
        x, gamma: Variable(weight.value), beta: Variable(bias.value), mean: mean.value,
        variance: variance.value, epsilon: epsilon)
    }
    let result = batchNorm(x, gamma: weight(on: tape), beta: bias(on: tape), epsilon: epsilon)
    // An empty batch has no statistics.
    if x.value.count > 0 {
      tape.move(mean, toward: result.mean, keeping: momentum)
      tape.move(variance, toward: result.unbiasedVariance, keeping: momentum)
    }
    return result.output
  }

  /// [C]: weight / sqrt(running variance + epsilon)
  public var factors: Tensor {
    let gamma = weight.value.array
    let variance = variance.value.array
    return Tensor(
      weight.value.shape, gamma.indices.map { gamma[$0] / (variance[$0] + epsilon).squareRoot() })
  }

  /// [C]: bias - running mean x factor
  public var shifts: Tensor {
    let (beta, mean, factors) = (bias.value.array, mean.value.array, factors.array)
    return Tensor(bias.value.shape, beta.indices.map { beta[$0] - mean[$0] * factors[$0] })
  }

  /// All four.
  public var parameters: [Parameter] { [weight, bias, mean, variance] }
}
