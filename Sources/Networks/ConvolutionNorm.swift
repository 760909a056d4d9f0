import Support
public import Tensors

/// A convolution, dense or depthwise, what normalises its result, and an activation.
///
/// A frozen norm is folded into the kernel: always one convolution call. On a tape the folding is
/// recorded, so the kernel trains while the norm stays.
public struct ConvolutionNorm: Sendable {
  /// What follows the product, before the activation.
  public enum Norm: Sendable {
    /// The checkpoint's own norm, which stays as it is.
    case frozen(BatchNorm)
    /// A norm that is trained: on a tape by the batch's statistics, without one by the running ones.
    case batch(BatchNorm)
    /// [C'], added: no norm.
    case bias(Parameter)
    /// [C']: the norm has been folded into the kernel, this is left of it. Some kernels are also kept
    /// in the order in which inference is fastest.
    case folded(bias: Parameter, packed: Packed?)
  }

  /// A kernel for inference alone.
  public enum Packed: Sendable {
    /// 1x1 in float32.
    case pointwise(PointwiseConvolution)
    /// Dense, in bfloat16.
    case rounded(FrozenConvolution)
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

  /// All parts at once.
  public init(
    weight: Parameter, norm: Norm, stride: Int = 1, padding: Padding = .fixed(0),
    activation: Activation = .identity
  ) {
    self.weight = weight
    self.norm = norm
    self.stride = stride
    self.padding = padding
    self.activation = activation
  }

  var isDepthwise: Bool { weight.value.shape.count == 3 }

  /// Dense [B, H, W, C] to [B, H', W', C'], depthwise to [B, H', W', C].
  ///
  /// - Parameters:
  ///   - skip: like the result; added after the activation.
  ///   - last: applied at the end, by a convolution that has no activation of its own.
  public func callAsFunction(
    _ x: Variable, adding skip: Variable? = nil, then last: Activation = .identity
  ) -> Variable {
    if x.tape == nil, case .folded(_, let packed?) = norm {
      return switch packed {
      case .pointwise(let kernel):
        activate(Variable(kernel(x.value, adding: skip?.value)), last)
      case .rounded(let kernel): Variable(kernel(x.rounded, adding: skip?.rounded, then: last))
      }
    }
    let y = convolved(x)
    return activate(skip.map { add(y, $0) } ?? y, last)
  }

  /// The result, and what it was before norm and activation, for a trained norm that is not folded.
  public func apart(_ x: Variable) -> (plain: Variable, normed: Variable) {
    guard case .batch(let norm) = norm else {
      let plain = convolved(x)
      return (plain, plain)
    }
    let plain = product(x, weight(on: x.tape), bias: nil, .identity)
    return (plain, activate(norm(plain), activation))
  }

  private func convolved(_ x: Variable) -> Variable {
    let kernel = weight(on: x.tape)
    switch norm {
    case .batch(let norm) where x.tape != nil:
      return activate(norm(product(x, kernel, bias: nil, .identity)), activation)
    case .frozen(let norm), .batch(let norm):
      return product(
        x, scaleChannels(kernel, by: norm.factors), bias: Variable(norm.shifts), activation)
    case .bias(let bias), .folded(let bias, _):
      return product(x, kernel, bias: bias(on: x.tape), activation)
    }
  }

  private func product(
    _ x: Variable, _ kernel: Variable, bias: Variable?, _ activation: Activation
  ) -> Variable {
    isDepthwise
      ? depthwiseConv2d(
        x, kernel, bias: bias, stride: stride, padding: padding, activation: activation)
      : conv2d(x, kernel, bias: bias, stride: stride, padding: padding, activation: activation)
  }

  /// The same function for inference, with the norm folded in once and for all.
  ///
  /// - Parameter precision: of a dense kernel's products, and of the result; must be available.
  public func folded(_ precision: Precision = .float32) -> ConvolutionNorm {
    let (kernel, shifts, name): (Tensor, Tensor, String)
    switch norm {
    case .frozen(let norm), .batch(let norm):
      kernel = scaleChannels(Variable(weight.value), by: norm.factors).value
      (shifts, name) = (norm.shifts, norm.bias.name)
    case .bias(let bias), .folded(let bias, _):
      (kernel, shifts, name) = (weight.value, bias.value, bias.name)
    }
    var packed: Packed?
    if precision == .bfloat16, !isDepthwise {
      packed = .rounded(
        FrozenConvolution(
          weight: kernel, bias: shifts, stride: stride, padding: padding, activation: activation))
    } else if !isDepthwise && kernel.shape[0] == 1 && kernel.shape[1] == 1 && stride == 1 {
      packed = .pointwise(
        PointwiseConvolution(weight: kernel, bias: shifts, activation: activation))
    }
    return ConvolutionNorm(
      weight: Parameter(weight.name, kernel, isTrained: false),
      norm: .folded(
        bias: Parameter(name, shifts, isTrained: false, decays: false), packed: packed),
      stride: stride, padding: padding, activation: activation)
  }

  /// The kernel first.
  public var parameters: [Parameter] { [weight] + norm.parameters }
}

extension ConvolutionNorm.Norm {
  /// All but the kernel.
  public var parameters: [Parameter] {
    switch self {
    case .frozen(let norm), .batch(let norm): norm.parameters
    case .bias(let bias), .folded(let bias, _): [bias]
    }
  }
}

extension ConvolutionNorm {
  /// Reads `convolution.weight` in PyTorch's layout and the norm of `norm`.
  ///
  /// - Parameters:
  ///   - input: channels, nil for a depthwise convolution.
  ///   - isTrained: whether the kernel is.
  ///   - momentum: of a trained norm's running statistics; nil leaves the norm as it is.
  /// - Throws: `InputError` naming the tensor that is missing or has another shape.
  static func load(
    _ convolution: String, norm: String, from file: some TensorSource, input: Int?, output: Int,
    kernel: Int, stride: Int, padding: Padding, epsilon: Float, activation: Activation,
    isTrained: Bool, momentum: Float? = nil
  ) throws(InputError) -> ConvolutionNorm {
    let name = "\(convolution).weight"
    let stored = try file.tensor(name, shape: [output, input ?? 1, kernel, kernel])
    let weight = input == nil ? stored.fromPyTorchDepthwise : stored.fromPyTorchConvolution
    let batchNorm = try BatchNorm(
      loading: norm, channels: output, epsilon: epsilon, momentum: momentum ?? 1,
      isTrained: isTrained && momentum != nil, from: file)
    return ConvolutionNorm(
      weight: Parameter(name, weight, isTrained: isTrained),
      norm: isTrained && momentum != nil ? .batch(batchNorm) : .frozen(batchNorm),
      stride: stride, padding: padding, activation: activation)
  }
}
