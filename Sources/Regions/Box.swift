/// An axis-aligned box: xyxy float32 pixels of the original image in its stored orientation,
/// half-open, so that width is `x1 - x0`.
public struct Box: Hashable, Sendable {
  /// The left edge.
  public var x0: Float
  /// The top edge.
  public var y0: Float
  /// The right edge, outside the box.
  public var x1: Float
  /// The bottom edge, outside the box.
  public var y1: Float

  /// A box from its edges in pixels.
  public init(x0: Float, y0: Float, x1: Float, y1: Float) {
    self.x0 = x0
    self.y0 = y0
    self.x1 = x1
    self.y1 = y1
  }

  /// In pixels; negative for an inverted box.
  public var width: Float { x1 - x0 }
  /// In pixels; negative for an inverted box.
  public var height: Float { y1 - y0 }
  /// Zero for an empty or inverted box.
  public var area: Float { max(0, width) * max(0, height) }
}
