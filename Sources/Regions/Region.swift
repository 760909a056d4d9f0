/// A part of an image that may be an object, and how much it looks like one.
public struct Region: Hashable, Sendable {
  /// In pixels: of the original image, unless said otherwise.
  public var box: Box
  /// Objectness in 0...1, whatever the category.
  public var score: Float

  /// - Parameter score: in 0...1; 1 for an annotated object.
  public init(box: Box, score: Float) {
    self.box = box
    self.score = score
  }
}

extension [Region] {
  /// Joins the columns of a file, which has them apart: R boxes and R scores.
  public init(boxes: [Box], scores: [Float]) {
    precondition(boxes.count == scores.count, "one score per box")
    self = zip(boxes, scores).map { Region(box: $0, score: $1) }
  }

  /// The boxes alone, in order.
  public var boxes: [Box] { map(\.box) }

  /// The scores alone, in order.
  public var scores: [Float] { map(\.score) }

  /// What non-maximum suppression leaves, best first; see `nonMaximumSuppression`.
  ///
  /// - Parameter limit: how many regions to keep at most.
  public func suppressed(iouThreshold: Double, limit: Int = .max) -> [Region] {
    nonMaximumSuppression(
      boxes: boxes, scores: scores, iouThreshold: iouThreshold, limit: limit
    ).map { self[$0] }
  }
}
