/// A convolution with its parameters: [B, H, W, C] to [B, H', W', C'].
public struct Convolution: Sendable {
  /// [kernel height, kernel width, C, C']
  public let weight: Parameter
  /// [C']
  public let bias: Parameter?
  public let stride: Int
  public let padding: Padding
  public let activation: Activation
  private var frozen: FrozenConvolution?

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

  /// In float32, whatever the precision of the products.
  public func callAsFunction(_ x: Variable) -> Variable {
    if x.tape == nil, let frozen { return Variable(frozen.float32(x.rounded)) }
    return conv2d(
      x, weight(on: x.tape), bias: bias?(on: x.tape), stride: stride, padding: padding,
      activation: activation)
  }

  /// The same function for inference.
  ///
  /// - Parameter precision: of the products; must be available.
  public func folded(_ precision: Precision) -> Convolution {
    var copy = self
    copy.frozen =
      precision == .float32
      ? nil
      : FrozenConvolution(
        weight: weight.value, bias: bias?.value, stride: stride, padding: padding,
        activation: activation)
    return copy
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
  private var frozen: FrozenConvolution?

  public init(weight: Parameter, bias: Parameter? = nil, activation: Activation = .identity) {
    self.weight = weight
    self.bias = bias
    self.activation = activation
  }

  /// In float32, whatever the precision of the products.
  public func callAsFunction(_ x: Variable) -> Variable {
    if x.tape == nil, let frozen {
      let rows = x.rounded.reshaped([x.shape.dropLast().reduce(1, *), 1, 1, weight.value.shape[0]])
      return Variable(
        frozen.float32(rows).reshaped(x.shape.dropLast() + [weight.value.shape[1]]))
    }
    return linear(x, weight(on: x.tape), bias: bias?(on: x.tape), activation: activation)
  }

  /// The same function for inference.
  ///
  /// - Parameter precision: of the products; must be available.
  public func folded(_ precision: Precision) -> Linear {
    var copy = self
    copy.frozen =
      precision == .float32
      ? nil
      : FrozenConvolution(
        weight: weight.value.reshaped([1, 1] + weight.value.shape), bias: bias?.value,
        activation: activation)
    return copy
  }

  public var parameters: [Parameter] { [weight] + (bias.map { [$0] } ?? []) }
}
