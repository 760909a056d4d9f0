#if canImport(Glibc)
  import Glibc
#endif

/// Boxes as offsets from reference boxes: what the regression heads predict (R-CNN, Girshick 2014).
///
/// A delta is (dx, dy, dw, dh): the centre's move in units of the reference's size, and the
/// logarithm of the change of size, each times its weight. Equal to torchvision's `BoxCoder`.
public struct BoxDeltas: Hashable, Sendable {
  /// Multiplies (dx, dy, dw, dh), so that the targets of a head have about unit variance.
  public var weights: SIMD4<Float>

  /// A predicted dw or dh is at most log(1000 / 16), so that one bad weight cannot overflow exp.
  public static let largestLogScale: Float = log(1000.0 / 16)

  /// - Parameter weights: those of the paper's box head by default.
  public init(weights: SIMD4<Float> = [10, 10, 5, 5]) { self.weights = weights }

  /// The coder of the second stage: weights (10, 10, 5, 5).
  public static let boxHead = BoxDeltas()
  /// The coder of the proposal network: weights (1, 1, 1, 1).
  public static let proposals = BoxDeltas(weights: [1, 1, 1, 1])

  /// The delta that leads from `reference` to `target`; neither may be empty.
  public func encode(_ target: Box, reference: Box) -> SIMD4<Float> {
    precondition(!target.isEmpty && !reference.isEmpty, "an empty box has no deltas")
    let (width, height) = (reference.width, reference.height)
    let (targetWidth, targetHeight) = (target.width, target.height)
    let dx = (target.x0 + 0.5 * targetWidth) - (reference.x0 + 0.5 * width)
    let dy = (target.y0 + 0.5 * targetHeight) - (reference.y0 + 0.5 * height)
    return weights
      * SIMD4(dx / width, dy / height, log(targetWidth / width), log(targetHeight / height))
  }

  /// The box that `delta` leads to from `reference`; dw and dh are clamped from above.
  public func decode(_ delta: SIMD4<Float>, reference: Box) -> Box {
    let step = delta / weights
    let (width, height) = (reference.width, reference.height)
    let centreX = step.x * width + (reference.x0 + 0.5 * width)
    let centreY = step.y * height + (reference.y0 + 0.5 * height)
    let halfWidth = 0.5 * (exp(min(step.z, Self.largestLogScale)) * width)
    let halfHeight = 0.5 * (exp(min(step.w, Self.largestLogScale)) * height)
    return Box(
      x0: centreX - halfWidth, y0: centreY - halfHeight,
      x1: centreX + halfWidth, y1: centreY + halfHeight)
  }

  /// The boxes that `deltas` lead to, clipped to an image of `width` x `height` pixels.
  public func decode(
    _ deltas: [SIMD4<Float>], references: [Box], clippedToWidth width: Float, height: Float
  ) -> [Box] {
    precondition(deltas.count == references.count, "one delta a reference box")
    return zip(deltas, references).map {
      decode($0, reference: $1).clipped(toWidth: width, height: height)
    }
  }
}
