import Support
package import Tensors

/// Squeeze-and-excitation (Hu et al., 2018): channels are weighed by what the whole image shows.
public struct SqueezeExcitation: Sendable {
  /// The means of C channels to fewer.
  package let squeeze: Linear
  /// Back to C weights in 0...1.
  package let excite: Linear

  /// Reads two 1x1 convolutions with biases, in PyTorch's layout.
  ///
  /// - Throws: `InputError` naming the tensor that is missing or has another shape.
  static func load(
    squeeze: String, excite: String, from source: some TensorSource, channels: Int, reduced: Int,
    activation: Activation, isTrained: Bool
  ) throws(InputError) -> SqueezeExcitation {
    func linear(
      _ name: String, _ input: Int, _ output: Int, _ activation: Activation
    ) throws(InputError) -> Linear {
      let weight = try source.tensor("\(name).weight", shape: [output, input, 1, 1])
      let bias = try source.tensor("\(name).bias", shape: [output])
      return Linear(
        weight: Parameter(
          "\(name).weight", weight.reshaped([output, input]).transposed, isTrained: isTrained),
        bias: Parameter("\(name).bias", bias, isTrained: isTrained, decays: false),
        activation: activation)
    }
    return SqueezeExcitation(
      squeeze: try linear(squeeze, channels, reduced, activation),
      excite: try linear(excite, reduced, channels, .sigmoid))
  }

  /// [B, H, W, C] to the same shape.
  func callAsFunction(_ x: Variable) -> Variable {
    scaleChannels(x, by: excite(squeeze(globalAveragePool(x))))
  }

  var parameters: [Parameter] { squeeze.parameters + excite.parameters }
}
