import Tensors

extension Tensor {
  /// A feature map or image batch of PyTorch, [B, C, H, W], as [B, H, W, C].
  var channelsLast: Tensor { permuted([0, 2, 3, 1]) }

  /// The largest difference of two elements, in units of the largest element of `other`.
  func distance(to other: Tensor) -> Float {
    guard shape == other.shape else { return .infinity }
    let scale = other.array.lazy.map(abs).max() ?? 0
    let worst = zip(array, other.array).lazy.map { abs($0 - $1) }.max() ?? 0
    return worst / max(scale, .leastNormalMagnitude)
  }
}
