import Regions

extension Mask {
  /// The pixels inside as the path of a vector drawing whose unit is a pixel. An image's longer side
  /// of more than 256 pixels is drawn in that many steps, so that a page of photographs stays small.
  var path: String {
    let step = (max(width, height) + 255) / 256
    return columns.filter { $0.x % step == 0 }.map { x, rows in
      "M\(x) \(rows.lowerBound)h\(min(step, width - x))v\(rows.count)h-\(min(step, width - x))z"
    }.joined()
  }
}
