import Networks
import ONNX
import Tensors

/// The layers as nodes, under the names of their weights. Maps are channels first, as ONNX wants them:
/// [B, C, H, W].
extension GraphValue {
  func activated(_ activation: Activation) -> GraphValue {
    switch activation {
    case .identity: self
    case .relu: graph("Relu", self)
    case .relu6:
      graph("Clip", self, graph.float(0).asWeights, graph.float(6).asWeights)
    case .swish: self * graph("Sigmoid", self)
    case .sigmoid: graph("Sigmoid", self)
    case .gelu, .quickGELU, .tanhGELU: preconditionFailure("no student has \(activation)")
    }
  }

  /// - Parameters:
  ///   - kernel: dense [kernel height, kernel width, C, C'], or depthwise without C'.
  ///   - bias: [C'] and its name.
  func convolved(
    _ kernel: Parameter, bias: (name: String, values: Tensor)?, stride: Int, padding: Padding
  ) -> GraphValue {
    let sizes = kernel.value.shape
    let isDepthwise = sizes.count == 3
    let shape =
      isDepthwise
      ? [sizes[2], 1, sizes[0], sizes[1]] : [sizes[3], sizes[2], sizes[0], sizes[1]]
    let weight = graph.weight(kernel.name, kernel.value, shape: shape) {
      isDepthwise ? $0.permuted([2, 0, 1]) : $0.permuted([3, 2, 0, 1])
    }
    let (above, below) = padding.zeros(kernel: sizes[0], stride: stride)
    let (left, right) = padding.zeros(kernel: sizes[1], stride: stride)
    return graph(
      "Conv", self, weight, bias.map { graph.weight($0.name, $0.values) },
      with: [
        "kernel_shape": .ints([sizes[0], sizes[1]]), "strides": .ints([stride, stride]),
        "pads": .ints([above, left, below, right]),
        "group": .int(isDepthwise ? sizes[2] : 1),
      ])
  }
}

extension GraphBuilder {
  /// A weight in the layout that it has.
  func weight(_ name: String, _ tensor: Tensor) -> GraphValue {
    weight(name, tensor, shape: tensor.shape) { $0 }
  }
}

extension Padding {
  /// Zeros before and after a map whose size is a multiple of the stride.
  fileprivate func zeros(kernel: Int, stride: Int) -> (before: Int, after: Int) {
    switch self {
    case .fixed(let zeros): return (zeros, zeros)
    case .sides(let before, let after): return (before, after)
    case .same:
      let all = max(0, kernel - stride)
      return (all / 2, all - all / 2)
    }
  }
}

extension ConvolutionNorm {
  func callAsFunction(_ x: GraphValue, adding skip: GraphValue? = nil) -> GraphValue {
    let y = normed(x).activated(activation)
    return skip.map { y + $0 } ?? y
  }

  private func normed(_ x: GraphValue) -> GraphValue {
    switch norm {
    case .frozen(let norm), .batch(let norm): return norm(product(x, bias: nil))
    case .bias(let bias), .folded(let bias, _): return product(x, bias: bias)
    }
  }

  /// As the method of this name of tensors.
  func apart(_ x: GraphValue) -> (plain: GraphValue, normed: GraphValue) {
    guard case .batch(let norm) = norm else {
      let plain = self(x)
      return (plain, plain)
    }
    let plain = product(x, bias: nil)
    return (plain, norm(plain).activated(activation))
  }

  private func product(_ x: GraphValue, bias: Parameter?) -> GraphValue {
    x.convolved(
      weight, bias: bias.map { ($0.name, $0.value) }, stride: stride, padding: padding)
  }
}

extension BatchNorm {
  func callAsFunction(_ x: GraphValue) -> GraphValue {
    func channels(_ name: String, _ values: Tensor) -> GraphValue {
      x.graph.weight(name, values, shape: [values.count, 1, 1]) { $0 }
    }
    return x * channels("\(weight.name).factors", factors)
      + channels("\(bias.name).shifts", shifts)
  }
}

extension Convolution {
  func callAsFunction(_ x: GraphValue) -> GraphValue {
    x.convolved(
      weight, bias: bias.map { ($0.name, $0.value) }, stride: stride, padding: padding
    ).activated(activation)
  }
}

extension Linear {
  /// [N, K] to [N, K'].
  func callAsFunction(_ x: GraphValue) -> GraphValue {
    x.graph(
      "Gemm", x, x.graph.weight(weight.name, weight.value),
      bias.map { x.graph.weight($0.name, $0.value) }
    ).activated(activation)
  }

  /// A 1x1 convolution: [B, K, H, W] to [B, K', H, W].
  func asConvolution(_ x: GraphValue) -> GraphValue {
    let sizes = weight.value.shape
    let kernel = x.graph.weight(
      weight.name, weight.value, shape: [sizes[1], sizes[0], 1, 1]
    ) { $0.transposed }
    return x.graph("Conv", x, kernel, bias.map { x.graph.weight($0.name, $0.value) })
      .activated(activation)
  }
}

extension LinearNorm {
  /// [N, K] to [N, K']; of a student whose norms are folded.
  func callAsFunction(_ x: GraphValue) -> GraphValue {
    precondition(norm == nil, "a norm that is not folded")
    return linear(x)
  }
}

extension GraphValue {
  /// Rows [N, D] of unit length.
  var l2Normalized: GraphValue {
    let length = graph("ReduceL2", self, with: ["axes": [1], "keepdims": 1])
    return self / length.atLeast(graph.float(1e-12))
  }
}
