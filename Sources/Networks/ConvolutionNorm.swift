import Support
public import Tensors

/// A convolution, dense or depthwise, a frozen batch norm, and an activation.
///
/// The norm is folded into the kernel: always one convolution call. On a tape the folding is
/// recorded, so the kernel trains while the norm stays.
public struct ConvolutionNorm: Sendable {
  /// What follows the product, before the activation.
  public enum Norm: Sendable {
    /// The checkpoint's own norm.
    case frozen(FrozenBatchNorm)
    /// [C']: the norm has been folded into the kernel, this is left of it. A 1x1 kernel is also
    /// kept in the order in which inference is fastest.
    case folded(bias: Parameter, packed: PointwiseConvolution?)
  }

  /// Dense [kernel height, kernel width, C, C'], or depthwise [kernel height, kernel width, C].
  public let weight: Parameter
  /// What follows the product.
  public let norm: Norm
  /// Cells from one output to the next.
  public let stride: Int
  /// Zeros around the input.
  public let padding: Padding
  /// Applied last.
  public let activation: Activation

  var isDepthwise: Bool { weight.value.shape.count == 3 }

  /// Dense [B, H, W, C] to [B, H', W', C'], depthwise to [B, H', W', C].
  ///
  /// - Parameter skip: like the result; added after the activation.
  public func callAsFunction(_ x: Variable, adding skip: Variable? = nil) -> Variable {
    if x.tape == nil, case .folded(_, let packed?) = norm {
      return Variable(packed(x.value, adding: skip?.value))
    }
    let y = convolved(x)
    return skip.map { add(y, $0) } ?? y
  }

  private func convolved(_ x: Variable) -> Variable {
    var kernel = weight(on: x.tape)
    let bias: Variable
    switch norm {
    case .frozen(let norm):
      kernel = scaleChannels(kernel, by: norm.factors)
      bias = Variable(norm.shifts)
    case .folded(let folded, _):
      bias = folded(on: x.tape)
    }
    return isDepthwise
      ? depthwiseConv2d(
        x, kernel, bias: bias, stride: stride, padding: padding, activation: activation)
      : conv2d(x, kernel, bias: bias, stride: stride, padding: padding, activation: activation)
  }

  /// The same function for inference, with the norm folded in once and for all.
  public func folded() -> ConvolutionNorm {
    guard case .frozen(let norm) = norm else { return self }
    let kernel = scaleChannels(Variable(weight.value), by: norm.factors).value
    let shifts = norm.shifts
    let isPointwise = !isDepthwise && kernel.shape[0] == 1 && kernel.shape[1] == 1 && stride == 1
    return ConvolutionNorm(
      weight: Parameter(weight.name, kernel, isTrained: false),
      norm: .folded(
        bias: Parameter(norm.bias.name, shifts, isTrained: false, decays: false),
        packed: isPointwise
          ? PointwiseConvolution(weight: kernel, bias: shifts, activation: activation) : nil),
      stride: stride, padding: padding, activation: activation)
  }

  /// The kernel first; the norm's are never trained.
  public var parameters: [Parameter] {
    switch norm {
    case .frozen(let norm): [weight] + norm.parameters
    case .folded(let bias, _): [weight, bias]
    }
  }
}

extension ConvolutionNorm {
  /// Reads `convolution.weight` in PyTorch's layout and the norm of `norm`.
  ///
  /// - Parameters:
  ///   - input: channels, nil for a depthwise convolution.
  ///   - isTrained: whether the kernel is; the norm never is.
  /// - Throws: `InputError` naming the tensor that is missing or has another shape.
  static func load(
    _ convolution: String, norm: String, from file: some TensorSource, input: Int?, output: Int,
    kernel: Int, stride: Int, padding: Padding, epsilon: Float, activation: Activation,
    isTrained: Bool
  ) throws(InputError) -> ConvolutionNorm {
    let name = "\(convolution).weight"
    let stored = try file.tensor(name, shape: [output, input ?? 1, kernel, kernel])
    let weight = input == nil ? stored.fromPyTorchDepthwise : stored.fromPyTorchConvolution
    return ConvolutionNorm(
      weight: Parameter(name, weight, isTrained: isTrained),
      norm: .frozen(
        try FrozenBatchNorm.load(norm, channels: output, epsilon: epsilon, from: file)),
      stride: stride, padding: padding, activation: activation)
  }
}
