import CKernels

/// Rows of a matrix in bfloat16, packed for the products of a frozen layer.
struct FrozenProduct: Sendable {
  let inputs: Int
  let outputs: Int
  /// Two numbers in the place of one.
  private let panels: Tensor

  init(_ weight: Tensor, rows: Range<Int>) {
    let (inputs, outputs) = (rows.count, weight.shape[1])
    (self.inputs, self.outputs) = (inputs, outputs)
    panels = Tensor([vild_bfloat_panels(inputs, outputs) / 2]) { panels in
      reading(weight) { weight in
        panels.withMemoryRebound(to: UInt16.self) {
          vild_bfloat_pack($0.baseAddress!, weight + rows.lowerBound * outputs, inputs, outputs)
        }
      }
    }
  }

  /// A matrix [K, N] cut so that a panel of each part, and rows to multiply it with, fit into the
  /// second-level cache.
  static func slices(of weight: Tensor) -> [FrozenProduct] {
    let inputs = weight.shape[0]
    let size =
      inputs <= 4608 ? inputs : (inputs / ((inputs + 2047) / 2048)).roundedUp(to: 64)
    return stride(from: 0, to: inputs, by: max(1, size)).map {
      FrozenProduct(weight, rows: $0..<min($0 + size, inputs))
    }
  }

  /// `y = activation(x weight + bias + skip)`, on the calling thread.
  ///
  /// - Parameters:
  ///   - products: slices of one matrix [K, N]
  ///   - x: rows of K numbers, `stride` apart
  ///   - bias: [N], filled up with zeros to a multiple of 64
  ///   - skip: [count, N], only where there is one slice
  ///   - y: [count, N]
  static func multiply(
    _ products: [FrozenProduct], _ x: UnsafePointer<UInt16>, count: Int, stride: Int,
    bias: UnsafePointer<Float>, skip: UnsafePointer<UInt16>? = nil,
    _ activation: Activation = .identity, into y: UnsafeMutableRawPointer, _ output: vild_output
  ) {
    if products.count == 1 {
      return products[0].multiply(x, count, stride, bias, skip, activation, into: y, output)
    }
    precondition(skip == nil, "a skip connection over so many inputs")
    let size = count * products[0].outputs
    let sums = Tensor([size]) { sums in
      var x = x
      let nothing = Tensor(zeros: [products[0].outputs.roundedUp(to: 64)])
      for (number, product) in products.enumerated() {
        reading(nothing) { nothing in
          product.multiply(
            x, count, stride, number == 0 ? bias : nothing, nil, .identity,
            into: sums.baseAddress!, number == 0 ? VILD_FLOAT : VILD_ADD_FLOAT)
        }
        x += product.inputs
      }
      Kernels.activate(
        sums.baseAddress!, bias: nil, rows: count, channels: products[0].outputs, activation)
    }
    reading(sums) {
      (output == VILD_FLOAT ? Precision.float32 : .bfloat16).write($0, to: y, count: size)
    }
  }

  /// The same of this matrix alone.
  func multiply(
    _ x: UnsafePointer<UInt16>, _ count: Int, _ stride: Int, _ bias: UnsafePointer<Float>,
    _ skip: UnsafePointer<UInt16>?, _ activation: Activation, into y: UnsafeMutableRawPointer,
    _ output: vild_output
  ) {
    reading(panels) { panels in
      var shape = vild_bfloat_linear(
        inputs: inputs, outputs: outputs, stride: stride,
        panels: UnsafeRawPointer(panels).assumingMemoryBound(to: UInt16.self), bias: bias,
        skip: skip, activation: activation.rawValue, output: Int32(output.rawValue))
      vild_bfloat_forward(&shape, x, y, count)
    }
  }
}
