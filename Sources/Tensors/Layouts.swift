/// PyTorch's layouts and ours.
extension Tensor {
  /// Maps [B, C, H, W] as [B, H, W, C].
  public var channelsLast: Tensor { permuted([0, 2, 3, 1]) }

  /// A convolution's [C', C, h, w] as [h, w, C, C'].
  public var fromPyTorchConvolution: Tensor { permuted([2, 3, 1, 0]) }

  /// A transposed convolution's [C, C', k, k] as [C, k, k, C'].
  public var fromPyTorchTransposedConvolution: Tensor { permuted([0, 2, 3, 1]) }

  /// A depthwise convolution's [C, 1, h, w] as [h, w, C].
  public var fromPyTorchDepthwise: Tensor {
    precondition(shape.count == 4 && shape[1] == 1, "\(shape) is not a depthwise kernel")
    return permuted([2, 3, 0, 1]).reshaped([shape[2], shape[3], shape[0]])
  }

  /// A convolution's [h, w, C, C'] as PyTorch's [C', C, h, w], or a depthwise one's [h, w, C] as
  /// [C, 1, h, w].
  public var asPyTorchConvolution: Tensor {
    shape.count == 4
      ? permuted([3, 2, 0, 1])
      : permuted([2, 0, 1]).reshaped([shape[2], 1, shape[0], shape[1]])
  }

  /// A transposed convolution's [C, k, k, C'] as PyTorch's [C, C', k, k].
  public var asPyTorchTransposedConvolution: Tensor { permuted([0, 3, 1, 2]) }

  /// A linear layer's [out, in] as [in, out].
  public var transposed: Tensor { permuted([1, 0]) }

  /// Axis `i` of the result is axis `order[i]` of this tensor; copied.
  public func permuted(_ order: [Int]) -> Tensor {
    precondition(order.sorted() == Array(shape.indices), "\(order) does not order \(shape)")
    var strides = Array(repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * shape[axis + 1]
    }
    let sizes = order.map { shape[$0] }
    let steps = order.map { strides[$0] }
    return Tensor(sizes) { out in
      guard out.count > 0 else { return }
      withElements { x in
        var index = Array(repeating: 0, count: sizes.count)
        var from = 0
        for to in 0..<out.count {
          out[to] = x[from]
          var axis = sizes.count - 1
          while axis >= 0 {
            index[axis] += 1
            from += steps[axis]
            if index[axis] < sizes[axis] { break }
            from -= steps[axis] * sizes[axis]
            index[axis] = 0
            axis -= 1
          }
        }
      }
    }
  }
}
