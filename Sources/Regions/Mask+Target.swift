extension Mask {
  /// The mask inside `region` as a grid of `size` x `size` values in 0...1, row by row: what a mask
  /// head is trained towards.
  ///
  /// RoIAlign, as detectron2 makes its targets before it rounds them: pixels are numbers at their
  /// centres with bilinear interpolation between, and a cell is the mean over evenly spaced
  /// points, one a pixel of its width and height or finer. What lies outside the image is empty.
  /// Takes time in proportion to (region's columns x size), whatever the image's area.
  /// - Parameters:
  ///   - region: in the mask's pixels, finite, not empty.
  ///   - size: cells along each side.
  public func target(in region: Box, size: Int) -> [Float] {
    precondition(size > 0 && region.isFinite && !region.isEmpty, "a region has cells")
    let across = AlignedAxis(from: region.x0, to: region.x1, cells: size, pixels: width)
    let down = AlignedAxis(from: region.y0, to: region.y1, cells: size, pixels: height)
    var grid = [Float](repeating: 0, count: size * size)
    var column = [Float](repeating: 0, count: size)
    var current: Int?
    func addColumn() {
      guard let x = current else { return }
      for (cell, weight) in across.cells(of: x) {
        for row in 0..<size { grid[row * size + cell] += weight * column[row] }
      }
      for row in 0..<size { column[row] = 0 }
    }
    for (x, rows) in columns where across.pixels.contains(x) {
      if x != current {
        addColumn()
        current = x
      }
      for cell in 0..<size { column[cell] += down.weight(of: rows, in: cell) }
    }
    addColumn()
    return grid.map { min($0, 1) }
  }
}

/// How much each pixel along one axis counts in each cell.
private struct AlignedAxis {
  /// Pixels that count at all.
  let pixels: Range<Int>
  /// cells x (pixels + 1): the weights of a cell's pixels, added up from the first.
  private var sums: [Float]

  init(from start: Float, to end: Float, cells: Int, pixels extent: Int) {
    let length = Double(end) - Double(start)
    let samples = max(1, Int((length / Double(cells)).rounded(.up)))
    func places(_ cell: Int) -> [Double] {
      (0..<samples).compactMap { sample in
        let part = Double(cell) + (Double(sample) + 0.5) / Double(samples)
        let place = Double(start) + part * length / Double(cells) - 0.5
        if place < -1 || place > Double(extent) { return nil }
        return min(max(place, 0), Double(extent - 1))
      }
    }
    let first = max(0, min(extent - 1, Int(max(-1, Double(start) - 1).rounded(.down))))
    let last = max(first, min(extent - 1, Int(min(Double(extent), Double(end) + 1).rounded(.up))))
    pixels = first..<last + 1
    let stride = pixels.count + 1
    sums = [Float](repeating: 0, count: cells * stride)
    for cell in 0..<cells {
      for place in places(cell) {
        let low = Int(place)
        let part = Float(place - Double(low))
        sums[cell * stride + low - first + 1] += (1 - part) / Float(samples)
        if part > 0 { sums[cell * stride + low - first + 2] += part / Float(samples) }
      }
      for index in 1..<stride { sums[cell * stride + index] += sums[cell * stride + index - 1] }
    }
  }

  /// The weight in `cell` of a range of pixels together.
  func weight(of range: Range<Int>, in cell: Int) -> Float {
    let range = range.clamped(to: pixels)
    let row = cell * (pixels.count + 1) - pixels.lowerBound
    return sums[row + range.upperBound] - sums[row + range.lowerBound]
  }

  /// The cells in which a pixel counts, with its weight.
  func cells(of pixel: Int) -> [(cell: Int, weight: Float)] {
    (0..<sums.count / (pixels.count + 1)).compactMap { cell in
      let weight = weight(of: pixel..<pixel + 1, in: cell)
      return weight > 0 ? (cell, weight) : nil
    }
  }
}
