import CKernels
import COneDNN

/// `activation(x weight + bias)` of a frozen network: the weights are rounded and packed once.
///
/// Works on the calling thread; several threads may use one layer at the same time.
package struct FrozenLinear: Sendable {
  private let product: Product
  package let inputs: Int
  package let outputs: Int

  private enum Product: Sendable {
    /// Panels and bias of `vild_pointwise`.
    case float32(panels: Tensor, bias: Tensor, Activation)
    case bfloat16(OneDNNLinear)
  }

  /// - Parameters:
  ///   - weight: [K, N]
  ///   - bias: [N], or none
  ///   - precision: must be available
  ///   - rows: how many rows usually come at a time
  package init(
    weight: Tensor, bias: Tensor?, activation: Activation = .identity, precision: Precision,
    rows: Int
  ) {
    precondition(weight.shape.count == 2 && bias.map { $0.shape == [weight.shape[1]] } != false)
    let (inputs, outputs) = (weight.shape[0], weight.shape[1])
    (self.inputs, self.outputs) = (inputs, outputs)
    switch precision {
    case .float32:
      let width = (outputs + 31) / 32 * 32
      let panels = Tensor([inputs, width]) { panels in
        reading(weight) { vild_pointwise_pack(panels.baseAddress!, $0, inputs, outputs) }
      }
      let filled = Tensor([width]) { out in
        out.initialize(repeating: 0)
        bias?.withElements { _ = out.update(fromContentsOf: $0) }
      }
      product = .float32(panels: panels, bias: filled, activation)
    case .bfloat16:
      product = .bfloat16(
        OneDNNLinear(weight: weight, bias: bias, activation: activation, rows: rows))
    }
  }

  /// In the precision of the input, which is the layer's.
  package func callAsFunction(_ x: FrozenRows) -> FrozenRows {
    FrozenRows(x.count, width: outputs, x.precision) { out in
      run(x, out, x.precision == .float32 ? VILD_ONEDNN_FLOAT32 : VILD_ONEDNN_BFLOAT16)
    }
  }

  /// In float32: [rows, N].
  package func float32(_ x: FrozenRows) -> Tensor {
    Tensor([x.count, outputs]) { run(x, $0.baseAddress!, VILD_ONEDNN_FLOAT32) }
  }

  /// Adds the result to `stream`, [rows, N].
  package func add(_ x: FrozenRows, to stream: inout Tensor) {
    precondition(stream.count == x.count * outputs)
    stream.withMutableElements { run(x, $0.baseAddress!, VILD_ONEDNN_ADD_FLOAT32) }
  }

  private func run(
    _ x: FrozenRows, _ out: UnsafeMutableRawPointer, _ output: vild_onednn_output
  ) {
    precondition(x.width == inputs, "rows of \(x.width) for \(inputs) inputs")
    x.reading { x1 in
      switch product {
      case .bfloat16(let layer):
        precondition(x.precision == .bfloat16)
        layer.run(x1, out, rows: x.count, output)
      case .float32(let panels, let bias, let activation):
        precondition(x.precision == .float32)
        let out = out.assumingMemoryBound(to: Float.self)
        let skip = output == VILD_ONEDNN_ADD_FLOAT32 ? UnsafePointer(out) : nil
        precondition(activation == .identity || skip == nil)
        reading(panels, bias) { panels, bias in
          var shape = vild_pointwise(
            inputs: inputs, outputs: outputs, panels: panels, bias: bias,
            activation: Activation.identity.rawValue)
          // Activated while a block is still in the cache.
          let block = activation == .identity ? x.count : 96
          for row in stride(from: 0, to: x.count, by: block) {
            let (rows, y) = (min(block, x.count - row), out + row * outputs)
            vild_pointwise_forward(
              &shape, x1.assumingMemoryBound(to: Float.self) + row * inputs,
              skip.map { $0 + row * outputs }, y, rows)
            Kernels.activate(y, bias: nil, rows: rows, channels: outputs, activation)
          }
        }
      }
    }
  }
}

/// A linear layer in oneDNN's hands.
private final class OneDNNLinear: @unchecked Sendable {
  // Safe: oneDNN locks what it changes.
  private let layer: OpaquePointer

  init(weight: Tensor, bias: Tensor?, activation: Activation, rows: Int) {
    let layer = reading(weight) { weight1 in
      reading(optional: bias) { bias in
        vild_onednn_linear_create(
          weight1, bias, weight.shape[0], weight.shape[1], activation.rawValue, rows)
      }
    }
    guard let layer else { preconditionFailure("oneDNN has no such product: \(weight.shape)") }
    self.layer = layer
  }

  deinit { vild_onednn_linear_destroy(layer) }

  func run(
    _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, rows: Int, _ output: vild_onednn_output
  ) {
    precondition(
      vild_onednn_linear_run(layer, x, y, rows, output) != 0, "oneDNN failed on \(rows) rows")
  }
}
