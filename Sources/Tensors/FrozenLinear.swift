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
    /// Panels, two numbers in the place of one, and bias of `vild_bfloat_linear`.
    case bfloat16(panels: Tensor, bias: Tensor, Activation)
    case oneDNN(OneDNNLinear)
  }

  /// - Parameters:
  ///   - weight: [K, N]
  ///   - bias: [N], or none
  ///   - precision: must be available
  ///   - rows: how many rows usually come at a time
  ///   - hasTiles: whether oneDNN computes bfloat16; it is faster than our own kernel where the
  ///     processor multiplies whole tiles (AMX), and slower elsewhere
  package init(
    weight: Tensor, bias: Tensor?, activation: Activation = .identity, precision: Precision,
    rows: Int, hasTiles: Bool = vild_onednn_has_tiles() != 0
  ) {
    precondition(weight.shape.count == 2 && bias.map { $0.shape == [weight.shape[1]] } != false)
    let (inputs, outputs) = (weight.shape[0], weight.shape[1])
    (self.inputs, self.outputs) = (inputs, outputs)
    let filled = Tensor([(outputs + 63) / 64 * 64]) { out in
      out.initialize(repeating: 0)
      bias?.withElements { _ = out.update(fromContentsOf: $0) }
    }
    switch precision {
    case .float32:
      let panels = Tensor([inputs, (outputs + 31) / 32 * 32]) { panels in
        reading(weight) { vild_pointwise_pack(panels.baseAddress!, $0, inputs, outputs) }
      }
      product = .float32(panels: panels, bias: filled, activation)
    case .bfloat16 where hasTiles:
      product = .oneDNN(
        OneDNNLinear(weight: weight, bias: bias, activation: activation, rows: rows))
    case .bfloat16:
      let panels = Tensor([vild_bfloat_panels(inputs, outputs) / 2]) { panels in
        reading(weight) { weight in
          panels.withMemoryRebound(to: UInt16.self) {
            vild_bfloat_pack($0.baseAddress!, weight, inputs, outputs)
          }
        }
      }
      product = .bfloat16(panels: panels, bias: filled, activation)
    }
  }

  /// In the precision of the input, which is the layer's.
  package func callAsFunction(_ x: FrozenRows) -> FrozenRows {
    FrozenRows(x.count, width: outputs, x.precision) { out in
      run(x, out, x.precision == .float32 ? VILD_FLOAT : VILD_BFLOAT)
    }
  }

  /// In float32: [rows, N].
  package func float32(_ x: FrozenRows) -> Tensor {
    Tensor([x.count, outputs]) { run(x, $0.baseAddress!, VILD_FLOAT) }
  }

  /// Adds the result to `stream`, [rows, N].
  package func add(_ x: FrozenRows, to stream: inout Tensor) {
    precondition(stream.count == x.count * outputs)
    stream.withMutableElements { run(x, $0.baseAddress!, VILD_ADD_FLOAT) }
  }

  private func run(_ x: FrozenRows, _ out: UnsafeMutableRawPointer, _ output: vild_output) {
    precondition(x.width == inputs, "rows of \(x.width) for \(inputs) inputs")
    x.reading { start in
      switch product {
      case .float32(let panels, let bias, let activation):
        precondition(x.precision == .float32)
        reading(panels, bias) { panels, bias in
          let shape = vild_pointwise(
            inputs: inputs, outputs: outputs, panels: panels, bias: bias,
            activation: Activation.identity.rawValue)
          run(
            shape, activation, start.assumingMemoryBound(to: Float.self),
            out.assumingMemoryBound(to: Float.self), rows: x.count, adding: output == VILD_ADD_FLOAT
          )
        }
      case .bfloat16(let panels, let bias, let activation):
        precondition(x.precision == .bfloat16)
        reading(panels, bias) { panels, bias in
          var shape = vild_bfloat_linear(
            inputs: inputs, outputs: outputs, stride: inputs,
            panels: UnsafeRawPointer(panels).assumingMemoryBound(to: UInt16.self), bias: bias,
            skip: nil, activation: activation.rawValue, output: Int32(output.rawValue))
          vild_bfloat_forward(
            &shape, start.assumingMemoryBound(to: UInt16.self), out, x.count)
        }
      case .oneDNN(let layer):
        precondition(x.precision == .bfloat16)
        layer.run(start, out, rows: x.count, output)
      }
    }
  }

  private func run(
    _ shape: vild_pointwise, _ activation: Activation, _ x: UnsafePointer<Float>,
    _ out: UnsafeMutablePointer<Float>, rows: Int, adding: Bool
  ) {
    precondition(activation == .identity || !adding)
    var shape = shape
    // Activated while a block is still in the cache.
    let block = activation == .identity ? rows : 96
    for row in stride(from: 0, to: rows, by: block) {
      let (count, y) = (min(block, rows - row), out + row * outputs)
      vild_pointwise_forward(&shape, x + row * inputs, adding ? y : nil, y, count)
      Kernels.activate(y, bias: nil, rows: count, channels: outputs, activation)
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
    _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, rows: Int, _ output: vild_output
  ) {
    let kind: vild_onednn_output =
      switch output {
      case VILD_BFLOAT: VILD_ONEDNN_BFLOAT16
      case VILD_FLOAT: VILD_ONEDNN_FLOAT32
      default: VILD_ONEDNN_ADD_FLOAT32
      }
    precondition(
      vild_onednn_linear_run(layer, x, y, rows, kind) != 0, "oneDNN failed on \(rows) rows")
  }
}
