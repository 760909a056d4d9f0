extension Box {
  /// The box whose corner is (`x`, `y`), as COCO writes boxes; computed in double precision and
  /// rounded once.
  public init(x: Double, y: Double, width: Double, height: Double) {
    self.init(x0: Float(x), y0: Float(y), x1: Float(x + width), y1: Float(y + height))
  }

  /// Corner, width and height in pixels, as COCO writes boxes.
  public var xywh: [Double] {
    let (x, y) = (Double(x0), Double(y0))
    return [x, y, Double(x1) - x, Double(y1) - y]
  }

  /// Whether no pixel area is inside: zero or negative width or height, or a coordinate that is
  /// not a number.
  public var isEmpty: Bool { !(x1 > x0 && y1 > y0) }

  /// Whether every coordinate is a finite number.
  public var isFinite: Bool { x0.isFinite && y0.isFinite && x1.isFinite && y1.isFinite }

  /// The part inside an image of `width` x `height` pixels; empty, on the border, when the box is
  /// outside.
  public func clipped(toWidth width: Float, height: Float) -> Box {
    Box(
      x0: min(max(x0, 0), width), y0: min(max(y0, 0), height),
      x1: min(max(x1, 0), width), y1: min(max(y1, 0), height))
  }

  /// The box with `factor` times the width and height about the same centre.
  public func scaled(by factor: Float) -> Box {
    let (centreX, centreY) = ((x0 + x1) / 2, (y0 + y1) / 2)
    let (halfWidth, halfHeight) = (width * factor / 2, height * factor / 2)
    return Box(
      x0: centreX - halfWidth, y0: centreY - halfHeight,
      x1: centreX + halfWidth, y1: centreY + halfHeight)
  }

  /// The box moved by `dx` to the right and `dy` down, in pixels.
  public func translated(x dx: Float, y dy: Float) -> Box {
    Box(x0: x0 + dx, y0: y0 + dy, x1: x1 + dx, y1: y1 + dy)
  }

  /// The same region after the image, `width` pixels wide, is mirrored left to right.
  public func flippedHorizontally(inWidth width: Float) -> Box {
    Box(x0: width - x1, y0: y0, x1: width - x0, y1: y1)
  }

  /// The part shared with `other`; empty when they do not overlap.
  public func intersection(_ other: Box) -> Box {
    let (left, top) = (max(x0, other.x0), max(y0, other.y0))
    return Box(
      x0: left, y0: top, x1: max(left, min(x1, other.x1)), y1: max(top, min(y1, other.y1)))
  }

  /// Intersection over union in 0...1; zero when both boxes are empty.
  public func iou(_ other: Box) -> Float {
    let overlap = intersection(other).area
    return overlap > 0 ? overlap / (area + other.area - overlap) : 0
  }
}
