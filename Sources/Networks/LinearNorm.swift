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

  /// One whose norm is in the product.
  private init(folded linear: Linear) {
    (self.linear, norm, activation) = (linear, nil, linear.activation)
  }

  /// [N, K] to [N, K'].
  public func callAsFunction(_ x: Variable) -> Variable {
    norm.map { activate($0(linear(x)), activation) } ?? linear(x)
  }

  /// The same function for inference, the norm folded into the product.
  ///
  /// - Parameter precision: of the product; must be available.
  public func folded(_ precision: Precision = .float32) -> LinearNorm {
    var weight = linear.weight.value
    var bias = linear.bias
    if let norm {
      weight = scaleChannels(Variable(weight), by: norm.factors).value
      bias = Parameter(norm.bias.name, norm.shifts, isTrained: false, decays: false)
    }
    let plain = Linear(
      weight: Parameter(linear.weight.name, weight, isTrained: false), bias: bias,
      activation: activation)
    return LinearNorm(folded: plain.folded(precision))
  }

  /// The kernel first.
  public var parameters: [Parameter] { linear.parameters + (norm?.parameters ?? []) }
}
