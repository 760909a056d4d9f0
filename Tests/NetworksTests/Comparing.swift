import Networks
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

extension CLIPConfiguration {
  /// The sizes of an image tower that is a vision transformer.
  var transformer: VisionTransformer.Configuration {
    get {
      guard case .transformer(let sizes) = vision else { fatalError("a residual tower") }
      return sizes
    }
    set { vision = .transformer(newValue) }
  }
}

extension CLIP {
  /// The image tower, which is a vision transformer.
  var transformer: VisionTransformer { vision as! VisionTransformer }
}
