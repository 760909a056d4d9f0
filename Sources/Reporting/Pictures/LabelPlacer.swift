package import Regions

/// Finds places for the labels of boxes so that no label covers another.
///
/// A label touches its box, so that it is clear whose it is: it stands above the box; else inside at
/// the top; else below; else further down inside. In each of these rows it goes where it is free
/// nearest to the box's left edge. Labels ask one after the other, so those that matter most go first;
/// one that finds no place is left out.
package struct LabelPlacer {
  private let bounds: PixelRect
  private var taken: [PixelRect] = []

  /// - Parameters: the picture's columns and rows.
  package init(width: Int, height: Int) {
    bounds = PixelRect(x0: 0, y0: 0, x1: width, y1: height)
  }

  /// Where a label of this size goes, and keeps others out from now on; nil for nowhere.
  ///
  /// - Parameter box: in pixels of the picture, at least partly in it.
  package mutating func place(width: Int, height: Int, for box: PixelRect) -> PixelRect? {
    guard width <= bounds.x1, height <= bounds.y1 else { return nil }
    let rows =
      [box.y0 - height, box.y0, box.y1]
      + stride(from: box.y0 + height, through: box.y1 - height, by: height)
    for y in rows where y >= 0 && y + height <= bounds.y1 {
      guard let x = freeColumn(width: width, height: height, y: y, along: box) else { continue }
      let place = PixelRect(x0: x, y0: y, x1: x + width, y1: y + height)
      taken.append(place)
      return place
    }
    return nil
  }

  /// Keeps labels out of a rectangle, unless one is there already.
  package mutating func reserve(_ rect: PixelRect) -> Bool {
    guard bounds.contains(rect), taken.allSatisfy({ $0.intersection(rect) == nil }) else {
      return false
    }
    taken.append(rect)
    return true
  }

  /// The free column in a row that is nearest to the box's left edge; of two, the left one.
  private func freeColumn(width: Int, height: Int, y: Int, along box: PixelRect) -> Int? {
    let last = bounds.x1 - width
    func inside(_ x: Int) -> Int { min(max(x, 0), last) }
    let range = inside(min(box.x0, box.x1 - width))...inside(max(box.x0, box.x1 - width))
    let wanted = inside(box.x0)
    let row = PixelRect(x0: 0, y0: y, x1: bounds.x1, y1: y + height)
    let inTheWay = taken.filter { $0.intersection(row) != nil }
    let beside = inTheWay.map { $0.x0 - width } + inTheWay.map(\.x1)
    let free = ([wanted] + beside).filter { x in
      range.contains(x) && inTheWay.allSatisfy { $0.x1 <= x || x + width <= $0.x0 }
    }
    return free.min { (abs($0 - wanted), $0) < (abs($1 - wanted), $1) }
  }
}
