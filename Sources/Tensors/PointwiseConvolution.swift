import CKernels
import Support

/// A 1x1 convolution for inference only: its kernel is packed once, and bias, activation and a
/// skip connection cost no further pass over memory.
public struct PointwiseConvolution: Sendable {
  private let inputs: Int
  private let outputs: Int
  /// Panels of 32 output channels, filled up with zeros.
  private let panels: Tensor
  /// Filled up with zeros to whole panels.
  private let bias: Tensor
  private let activation: Activation

  /// - Parameters:
  ///   - weight: [1, 1, C, C']
  ///   - bias: [C']
  public init(weight: Tensor, bias: Tensor, activation: Activation = .identity) {
    precondition(weight.shape.count == 4 && weight.shape[0] == 1 && weight.shape[1] == 1)
    precondition(bias.shape == [weight.shape[3]], "bias \(bias.shape) of kernel \(weight.shape)")
    let (inputs, outputs) = (weight.shape[2], weight.shape[3])
    let width = (outputs + 31) / 32 * 32
    (self.inputs, self.outputs, self.activation) = (inputs, outputs, activation)
    panels = Tensor([inputs, width]) { panels in
      reading(weight) { vild_pointwise_pack(panels.baseAddress!, $0, inputs, outputs) }
    }
    self.bias = Tensor([width], bias.array + Array(repeating: 0, count: width - outputs))
  }

  /// - Parameters:
  ///   - x: [B, H, W, C]
  ///   - skip: [B, H, W, C'], added after the activation
  /// - Returns: [B, H, W, C']
  public func callAsFunction(_ x: Tensor, adding skip: Tensor? = nil) -> Tensor {
    let shape = Array(x.shape.dropLast()) + [outputs]
    precondition(x.shape.count == 4 && x.shape[3] == inputs, "\(x.shape) for \(inputs) channels")
    precondition(skip == nil || skip!.shape == shape, "cannot add to shape \(shape)")
    // What the kernel cannot do on the way follows in a pass of its own, before the skip.
    let isFused = [.identity, .relu, .relu6].contains(activation)
    let y = Tensor(shape) { y in
      reading(x, panels, bias) { x, panels, bias in
        reading(optional: isFused ? skip : nil) { skip in
          Parallel.ranges(y.count / max(1, outputs), grain: 16) { cells in
            var shape = vild_pointwise(
              inputs: inputs, outputs: outputs, panels: panels, bias: bias,
              activation: (isFused ? activation : .identity).rawValue)
            let offset = cells.lowerBound * outputs
            vild_pointwise_forward(
              &shape, x + cells.lowerBound * inputs, skip.map { $0 + offset },
              y.baseAddress! + offset, cells.count)
          }
        }
      }
    }
    if isFused { return y }
    let activated = activate(Variable(y), activation).value
    return skip.map { activated + $0 } ?? activated
  }
}
