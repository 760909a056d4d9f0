/// A convolution with its parameters: [B, H, W, C] to [B, H', W', C'].
public struct Convolution: Sendable {
  /// [kernel height, kernel width, C, C']
  public let weight: Parameter
  /// [C']
  public let bias: Parameter?
  public let stride: Int
  public let padding: Padding
  public let activation: Activation

  public init(
    weight: Parameter, bias: Parameter? = nil, stride: Int = 1, padding: Padding = .fixed(0),
    activation: Activation = .identity
  ) {
    self.weight = weight
    self.bias = bias
    self.stride = stride
    self.padding = padding
    self.activation = activation
  }

  public func callAsFunction(_ x: Variable) -> Variable {
    conv2d(
      x, weight(on: x.tape), bias: bias?(on: x.tape), stride: stride, padding: padding,
      activation: activation)
  }

  public var parameters: [Parameter] { [weight] + (bias.map { [$0] } ?? []) }
}

/// `x weight + bias`: [..., K] to [..., N].
public struct Linear: Sendable {
  /// [K, N]
  public let weight: Parameter
  /// [N]
  public let bias: Parameter?
  public let activation: Activation

  public init(weight: Parameter, bias: Parameter? = nil, activation: Activation = .identity) {
    self.weight = weight
    self.bias = bias
    self.activation = activation
  }

  public func callAsFunction(_ x: Variable) -> Variable {
    linear(x, weight(on: x.tape), bias: bias?(on: x.tape), activation: activation)
  }

  public var parameters: [Parameter] { [weight] + (bias.map { [$0] } ?? []) }
}
