public import Tensors

/// A fully connected layer, a trained batch norm where there is one, and an activation.
public struct LinearNorm: Sendable {
  /// The product; with a norm it needs no bias.
  public let linear: Linear
  /// Over the rows.
  public let norm: BatchNorm?
  /// Applied last.
  public let activation: Activation

  /// All parts at once; `linear` has no activation of its own.
  public init(_ linear: Linear, norm: BatchNorm? = nil, activation: Activation = .identity) {
    self.linear =
      norm == nil
      ? Linear(weight: linear.weight, bias: linear.bias, activation: activation) : linear
    self.norm = norm
    self.activation = activation
  }

  /// [N, K] to [N, K'].
  public func callAsFunction(_ x: Variable) -> Variable {
    norm.map { activate($0(linear(x)), activation) } ?? linear(x)
  }

  /// The same function for inference, the norm folded into the product.
  public func folded() -> LinearNorm {
    var weight = linear.weight.value
    var bias = linear.bias
    if let norm {
      weight = scaleChannels(Variable(weight), by: norm.factors).value
      bias = Parameter(norm.bias.name, norm.shifts, isTrained: false, decays: false)
    }
    return LinearNorm(
      Linear(weight: Parameter(linear.weight.name, weight, isTrained: false), bias: bias),
      activation: activation)
  }

  /// The kernel first.
  public var parameters: [Parameter] { linear.parameters + (norm?.parameters ?? []) }
}
