public import Support
public import Tensors

/// Layer normalisation with its parameters: [..., C] to [..., C].
public struct LayerNorm: Sendable {
  /// [C], PyTorch's gamma.
  public let weight: Parameter
  /// [C], PyTorch's beta.
  public let bias: Parameter
  /// Added to the variance.
  public let epsilon: Float

  /// Reads `name.weight` and `name.bias`, each [width].
  ///
  /// - Throws: `InputError` naming the tensor that is missing or has another shape.
  public static func load(
    _ name: String, width: Int, epsilon: Float, from file: some TensorSource
  ) throws(InputError) -> LayerNorm {
    func parameter(_ name: String) throws(InputError) -> Parameter {
      Parameter(name, try file.tensor(name, shape: [width]), decays: false)
    }
    return LayerNorm(
      weight: try parameter("\(name).weight"), bias: try parameter("\(name).bias"),
      epsilon: epsilon)
  }

  /// Every row of the last axis by itself.
  public func callAsFunction(_ x: Variable) -> Variable {
    layerNorm(x, gamma: weight(on: x.tape), beta: bias(on: x.tape), epsilon: epsilon)
  }

  /// Both.
  public var parameters: [Parameter] { [weight, bias] }
}

extension Linear {
  /// Reads `name.weight` [output, input], PyTorch's layout, and `name.bias` [output].
  ///
  /// - Throws: `InputError` naming the tensor that is missing or has another shape.
  static func load(
    _ name: String, input: Int, output: Int, activation: Activation = .identity,
    from file: some TensorSource
  ) throws(InputError) -> Linear {
    let weight = try file.tensor("\(name).weight", shape: [output, input])
    let bias = try file.tensor("\(name).bias", shape: [output])
    return Linear(
      weight: Parameter("\(name).weight", weight.transposed),
      bias: Parameter("\(name).bias", bias, decays: false), activation: activation)
  }

  /// Reads `name.weight` [output, input], PyTorch's layout; there is no bias.
  ///
  /// - Throws: `InputError` naming the tensor that is missing or has another shape.
  static func loadProjection(
    _ name: String, input: Int, output: Int, from file: some TensorSource
  ) throws(InputError) -> Linear {
    let weight = try file.tensor("\(name).weight", shape: [output, input])
    return Linear(weight: Parameter("\(name).weight", weight.transposed))
  }
}
