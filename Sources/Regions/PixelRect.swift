/// A rectangle of whole pixels, half-open: columns x0 ..< x1, rows y0 ..< y1.
public struct PixelRect: Hashable, Sendable {
  /// Left column.
  public var x0: Int
  /// Top row.
  public var y0: Int
  /// The column after the last one.
  public var x1: Int
  /// The row after the last one.
  public var y1: Int

  /// Columns x0 ..< x1, rows y0 ..< y1.
  public init(x0: Int, y0: Int, x1: Int, y1: Int) {
    self.x0 = x0
    self.y0 = y0
    self.x1 = x1
    self.y1 = y1
  }

  /// Columns.
  public var width: Int { x1 - x0 }
  /// Rows.
  public var height: Int { y1 - y0 }

  /// Whether `other` has pixels and all of them are in here.
  public func contains(_ other: PixelRect) -> Bool {
    x0 <= other.x0 && other.x0 < other.x1 && other.x1 <= x1
      && y0 <= other.y0 && other.y0 < other.y1 && other.y1 <= y1
  }

  /// The pixels that are also in `other`; nil when there are none.
  public func intersection(_ other: PixelRect) -> PixelRect? {
    let (left, top) = (max(x0, other.x0), max(y0, other.y0))
    let (right, bottom) = (min(x1, other.x1), min(y1, other.y1))
    guard left < right, top < bottom else { return nil }
    return PixelRect(x0: left, y0: top, x1: right, y1: bottom)
  }
}
