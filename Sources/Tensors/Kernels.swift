import CKernels
import Support

/// What is applied to the result of a linear operation, in place.
public enum Activation: Int32, Sendable {
  case identity = 0
  case relu = 1
  case relu6 = 2
  /// x sigmoid(x), also called SiLU.
  case swish = 3
  /// x Phi(x), with the exact normal distribution function.
  case gelu = 4
  /// x sigmoid(1.702 x), OpenAI CLIP's approximation.
  case quickGELU = 5
  case sigmoid = 6
  /// x Phi(x) by way of a hyperbolic tangent (Hendrycks and Gimpel, 2016), PyTorch's "tanh".
  case tanhGELU = 7

  /// Whether the derivative can be read off the output.
  var derivativeNeedsInput: Bool {
    switch self {
    case .identity, .relu, .relu6: false
    case .swish, .gelu, .quickGELU, .sigmoid, .tanhGELU: true
    }
  }
}

/// Element-wise loops, on the calling thread unless they say otherwise.
enum Kernels {
  static func add(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, count: Int) {
    vild_axpy(y, x, 1, count)
  }

  /// `x[r][c] = activation(x[r][c] + bias[c])`
  static func activate(
    _ x: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>?, rows: Int, channels: Int,
    _ activation: Activation
  ) {
    if bias == nil && activation == .identity { return }
    vild_bias_activation(x, bias, rows, channels, activation.rawValue)
  }

  /// The gradient behind an activation, over all cores. `x` is the activation's input, or its
  /// output where that is enough.
  static func activationGradient(_ dy: Tensor, _ x: Tensor, _ activation: Activation) -> Tensor {
    if activation == .identity { return dy }
    return Tensor(dy.shape) { out in
      reading(dy, x) { dy, x in
        Parallel.ranges(out.count, grain: 1 << 14) { range in
          let from = range.lowerBound
          vild_activation_backward(
            out.baseAddress! + from, dy + from, x + from, range.count, activation.rawValue)
        }
      }
    }
  }

  /// Column sums of a matrix of `channels` columns: the gradient of a bias.
  static func columnSums(_ x: Tensor, channels: Int) -> Tensor {
    let rows = channels == 0 ? 0 : x.count / channels
    return Tensor([channels]) { out in
      reading(x) { x in
        BLAS.sumOverPieces(rows, grain: 256, into: out.baseAddress!, count: channels) {
          vild_sum_rows($1, x + $0.lowerBound * channels, $0.count, channels)
        }
      }
    }
  }
}

extension Tensor {
  /// Element-wise sum of two tensors of one shape.
  public static func + (a: Tensor, b: Tensor) -> Tensor {
    precondition(a.shape == b.shape, "cannot add shapes \(a.shape) and \(b.shape)")
    return Tensor(a.shape) { out in
      reading(a, b) { a, b in
        Parallel.ranges(out.count, grain: 1 << 15) { range in
          let from = range.lowerBound
          vild_add(out.baseAddress! + from, a + from, b + from, range.count)
        }
      }
    }
  }

  /// Adds `other` in place.
  public static func += (a: inout Tensor, b: Tensor) {
    precondition(a.shape == b.shape, "cannot add shapes \(a.shape) and \(b.shape)")
    a.withMutableElements { out in
      reading(b) { b in
        Parallel.ranges(out.count, grain: 1 << 15) { range in
          let from = range.lowerBound
          vild_axpy(out.baseAddress! + from, b + from, 1, range.count)
        }
      }
    }
  }

  /// Every element times `factor`.
  public static func * (a: Tensor, factor: Float) -> Tensor {
    Tensor(a.shape) { out in
      reading(a) { a in
        Parallel.ranges(out.count, grain: 1 << 15) { range in
          for i in range { out[i] = a[i] * factor }
        }
      }
    }
  }
}
