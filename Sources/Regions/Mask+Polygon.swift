extension Mask {
  /// The pixels inside any of `polygons`, equal to what pycocotools makes of them.
  ///
  /// - Parameter polygons: each a list of x and y in turn, in pixels, of at least three corners;
  ///   closed by itself, and inside is what an odd number of its edges surrounds. Corners may lie
  ///   outside the image, within `farthest`.
  public init(width: Int, height: Int, polygons: [[Double]]) {
    let parts = polygons.map { Mask(width: width, height: height, polygon: $0) }
    self = parts.dropFirst().reduce(parts.first ?? Mask(width: width, height: height)) {
      $0.union($1)
    }
  }

  /// How far from zero a polygon's corners may lie, in pixels.
  public static let farthest = 100_000.0

  /// The outline is drawn on a grid five times finer; where it passes from one fine column to the
  /// next in the middle of a pixel's column, the column changes sides from that row on.
  private init(width: Int, height: Int, polygon: [Double]) {
    precondition(polygon.count >= 6 && polygon.count % 2 == 0, "a polygon has three corners")
    precondition(
      polygon.allSatisfy { abs($0) <= Self.farthest }, "a polygon is not far from its image")
    let corners = stride(from: 0, to: polygon.count, by: 2).map {
      FinePoint(
        x: Int(polygon[$0] * FinePoint.scale + 0.5), y: Int(polygon[$0 + 1] * FinePoint.scale + 0.5)
      )
    }
    var changes: [Int] = []
    var last: FinePoint?
    for (index, corner) in corners.enumerated() {
      FinePoint.forEach(from: corner, to: corners[(index + 1) % corners.count]) { point in
        if let last, let place = last.change(to: point, width: width, height: height) {
          changes.append(place)
        }
        last = point
      }
    }
    changes.sort()
    // Two changes at one place undo each other; an odd one out lasts to the image's end.
    if changes.count % 2 == 1 { changes.append(width * height) }
    var runs = Runs(width: width, height: height)
    for pair in stride(from: 0, to: changes.count, by: 2) {
      runs.add(changes[pair]..<changes[pair + 1])
    }
    self.init(runs)
  }
}

/// A point of the grid that polygons are drawn on.
private struct FinePoint {
  static let scale = 5.0
  var x, y: Int

  /// Visits the points of a straight line, both ends included: one a step along the longer side.
  static func forEach(from: FinePoint, to: FinePoint, _ visit: (FinePoint) -> Void) {
    let (dx, dy) = (abs(to.x - from.x), abs(to.y - from.y))
    let isFlat = dx >= dy
    let steps = max(dx, dy)
    // The slope is always taken in the direction of growing coordinates, so that a line and its
    // reverse have the same points.
    let isReversed = isFlat ? from.x > to.x : from.y > to.y
    let (start, end) = isReversed ? (to, from) : (from, to)
    let rise = isFlat ? end.y - start.y : end.x - start.x
    let slope = steps == 0 ? 0 : Double(rise) / Double(steps)
    for step in 0...steps {
      let along = isReversed ? steps - step : step
      let across = Double(isFlat ? start.y : start.x) + slope * Double(along) + 0.5
      visit(
        isFlat
          ? FinePoint(x: start.x + along, y: Int(across))
          : FinePoint(x: Int(across), y: start.y + along))
    }
  }

  /// The place, among the pixels counted column by column, from which a pixel's column changes
  /// sides when the outline goes on to `next`; nil when it does not.
  func change(to next: FinePoint, width: Int, height: Int) -> Int? {
    guard next.x != x else { return nil }
    let column = (Double(next.x < x ? next.x : next.x - 1) + 0.5) / Self.scale - 0.5
    guard column == column.rounded(.down), column >= 0, column <= Double(width - 1) else {
      return nil
    }
    let row = (Double(min(next.y, y)) + 0.5) / Self.scale - 0.5
    return Int(column) * height + Int(min(max(row, 0), Double(height)).rounded(.up))
  }
}
