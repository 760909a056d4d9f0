public import Support
public import Tensors

/// Batch normalisation with the statistics it was trained with: `x factor + shift`, channel by
/// channel. Neither is trained further.
public struct FrozenBatchNorm: Sendable {
  /// [C], PyTorch's gamma.
  public let weight: Parameter
  /// [C], PyTorch's beta.
  public let bias: Parameter
  /// [C]
  public let mean: Parameter
  /// [C]
  public let variance: Parameter
  /// Added to the variance.
  public let epsilon: Float

  /// Reads `name.weight`, `name.bias`, `name.running_mean` and `name.running_var`, each [channels].
  ///
  /// - Throws: `InputError` naming the tensor that is missing or has another shape.
  public static func load(
    _ name: String, channels: Int, epsilon: Float, from file: some TensorSource
  ) throws(InputError) -> FrozenBatchNorm {
    func parameter(_ part: String) throws(InputError) -> Parameter {
      let full = "\(name).\(part)"
      return Parameter(
        full, try file.tensor(full, shape: [channels]), isTrained: false, decays: false)
    }
    return FrozenBatchNorm(
      weight: try parameter("weight"), bias: try parameter("bias"),
      mean: try parameter("running_mean"), variance: try parameter("running_var"),
      epsilon: epsilon)
  }

  /// [C]: weight / sqrt(variance + epsilon)
  public var factors: Tensor {
    let gamma = weight.value.array
    let variance = variance.value.array
    return Tensor(
      weight.value.shape, gamma.indices.map { gamma[$0] / (variance[$0] + epsilon).squareRoot() })
  }

  /// [C]: bias - mean factor
  public var shifts: Tensor {
    let (beta, mean, factors) = (bias.value.array, mean.value.array, factors.array)
    return Tensor(bias.value.shape, beta.indices.map { beta[$0] - mean[$0] * factors[$0] })
  }

  /// All four, none of them trained.
  public var parameters: [Parameter] { [weight, bias, mean, variance] }
}
