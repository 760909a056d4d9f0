import Tensors

extension Tensor {
  /// The largest difference of two elements, in units of the largest element of `other`.
  func distance(to other: Tensor) -> Float {
    guard shape == other.shape else { return .infinity }
    let scale = other.array.lazy.map(abs).max() ?? 0
    let worst = zip(array, other.array).lazy.map { abs($0 - $1) }.max() ?? 0
    return worst / max(scale, .leastNormalMagnitude)
  }
}
