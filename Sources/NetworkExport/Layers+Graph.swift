package import Networks
package import ONNX
package import Tensors

/// The layers as nodes, under the names of their weights. Maps are channels first, as ONNX wants them:
/// [B, C, H, W].
extension GraphValue {
  /// A number as the layers with weights compute.
  private func number(_ value: Double) -> GraphValue { graph.float(Float(value)).asWeights }
  private var half: GraphValue { number(0.5) }
  private var one: GraphValue { number(1) }

  package func activated(_ activation: Activation) -> GraphValue {
    switch activation {
    case .identity: self
    case .relu: graph("Relu", self)
    case .relu6:
      graph("Clip", self, number(0), number(6))
    case .swish: self * graph("Sigmoid", self)
    case .sigmoid: graph("Sigmoid", self)
    case .gelu:
      self * half * (one + graph("Erf", self * number(0.5.squareRoot())))
    case .quickGELU: self * graph("Sigmoid", self * number(1.702))
    case .tanhGELU:
      self * half
        * (one
          + graph(
            "Tanh",
            (self + self * self * self * number(0.044715)) * number((2 / Double.pi).squareRoot())))
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
  package func weight(_ name: String, _ tensor: Tensor) -> GraphValue {
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
  package func callAsFunction(_ x: GraphValue, adding skip: GraphValue? = nil) -> GraphValue {
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
  package func apart(_ x: GraphValue) -> (plain: GraphValue, normed: GraphValue) {
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
  package func callAsFunction(_ x: GraphValue) -> GraphValue {
    func channels(_ name: String, _ values: Tensor) -> GraphValue {
      x.graph.weight(name, values, shape: [values.count, 1, 1]) { $0 }
    }
    return x * channels("\(weight.name).factors", factors)
      + channels("\(bias.name).shifts", shifts)
  }
}

extension Convolution {
  package func callAsFunction(_ x: GraphValue) -> GraphValue {
    x.convolved(
      weight, bias: bias.map { ($0.name, $0.value) }, stride: stride, padding: padding
    ).activated(activation)
  }
}

extension Linear {
  /// [N, K] to [N, K'].
  package func callAsFunction(_ x: GraphValue) -> GraphValue {
    x.graph(
      "Gemm", x, x.graph.weight(weight.name, weight.value),
      bias.map { x.graph.weight($0.name, $0.value) }
    ).activated(activation)
  }

  /// [..., K] to [..., K'].
  func ofRows(_ x: GraphValue) -> GraphValue {
    let product = x.graph("MatMul", x, x.graph.weight(weight.name, weight.value))
    return (bias.map { product + x.graph.weight($0.name, $0.value) } ?? product)
      .activated(activation)
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
  package func callAsFunction(_ x: GraphValue) -> GraphValue {
    precondition(norm == nil, "a norm that is not folded")
    return linear(x)
  }
}

extension GraphValue {
  /// Rows [N, D] of unit length.
  package var l2Normalized: GraphValue {
    let length = graph("ReduceL2", self, with: ["axes": [1], "keepdims": 1])
    return self / length.atLeast(graph.float(1e-12))
  }
}
