extension Mask {
  /// The mask that a detector's cells make of an image: cells are read between their centres with
  /// bilinear weights, nothing lies outside them, and a pixel is inside from one half on (Mask
  /// R-CNN, He et al., 2017).
  ///
  /// - Parameters:
  ///   - cells: side x side numbers in 0...1 that share out `box`, row by row.
  ///   - box: in pixels of the image; one without area gives an empty mask.
  public init(width: Int, height: Int, pasting cells: [Float], side: Int, in box: Box) {
    precondition(cells.count == side * side, "\(cells.count) cells of a mask")
    guard box.isFinite, !box.isEmpty else {
      self.init(width: width, height: height)
      return
    }
    let seen = box.clipped(toWidth: Float(width), height: Float(height))
    let pixels = PixelRect(
      x0: Int(seen.x0.rounded(.down)), y0: Int(seen.y0.rounded(.down)),
      x1: Int(seen.x1.rounded(.up)), y1: Int(seen.y1.rounded(.up)))
    func cell(_ column: Int, _ row: Int) -> Float {
      0..<side ~= column && 0..<side ~= row ? cells[row * side + column] : 0
    }
    self.init(width: width, height: height, within: pixels) { x, y in
      let u = (Float(x) + 0.5 - box.x0) / box.width * Float(side) - 0.5
      let v = (Float(y) + 0.5 - box.y0) / box.height * Float(side) - 0.5
      let (column, row) = (Int(u.rounded(.down)), Int(v.rounded(.down)))
      let (right, below) = (u - Float(column), v - Float(row))
      let top = cell(column, row) * (1 - right) + cell(column + 1, row) * right
      let bottom = cell(column, row + 1) * (1 - right) + cell(column + 1, row + 1) * right
      return top * (1 - below) + bottom * below >= 0.5
    }
  }
}
