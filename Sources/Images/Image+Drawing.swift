public import Regions

extension Image {
  /// Fills `rect`; what lies outside the image is left out.
  public mutating func fill(_ rect: PixelRect, color: Color) {
    let columns = max(rect.x0, 0)..<max(min(rect.x1, width), max(rect.x0, 0))
    let rows = max(rect.y0, 0)..<max(min(rect.y1, height), max(rect.y0, 0))
    for y in rows {
      for x in columns { self[x, y] = color }
    }
  }

  /// Puts a picture's top left corner at (x, y); what lies outside the image is left out.
  public mutating func paste(_ picture: Image, x: Int, y: Int) {
    for row in 0..<picture.height where (0..<height).contains(y + row) {
      for column in 0..<picture.width where (0..<width).contains(x + column) {
        self[x + column, y + row] = picture[column, row]
      }
    }
  }

  /// Draws the outline of `box`, `thickness` pixels inwards from its edges; what lies outside the
  /// image is left out.
  ///
  /// - Parameter dash: the length in pixels of dashes, with gaps of two thirds of it; 0 for a whole
  ///   line.
  public mutating func draw(box: PixelRect, color: Color, thickness: Int = 2, dash: Int = 0) {
    precondition(thickness > 0, "an outline is at least a pixel thick")
    let (x0, y0, x1, y1) = (box.x0, box.y0, box.x1, box.y1)
    guard x0 < x1, y0 < y1 else { return }
    let across = min(thickness, x1 - x0)
    let down = min(thickness, y1 - y0)
    for (start, end) in Self.dashes(from: max(x0, 0), to: min(x1, width), length: dash) {
      fill(PixelRect(x0: start, y0: y0, x1: end, y1: y0 + down), color: color)
      fill(PixelRect(x0: start, y0: y1 - down, x1: end, y1: y1), color: color)
    }
    for (start, end) in Self.dashes(from: max(y0, 0), to: min(y1, height), length: dash) {
      fill(PixelRect(x0: x0, y0: start, x1: x0 + across, y1: end), color: color)
      fill(PixelRect(x0: x1 - across, y0: start, x1: x1, y1: end), color: color)
    }
  }

  private static func dashes(from start: Int, to end: Int, length: Int) -> [(Int, Int)] {
    guard length > 0, start < end else { return [(start, end)] }
    return stride(from: start, to: end, by: length + max(1, length * 2 / 3)).map {
      ($0, min($0 + length, end))
    }
  }

  /// Mixes `color` into the pixels inside `mask`, which is of the image's size.
  ///
  /// - Parameter strength: 0 leaves the pixels as they are, 1 leaves nothing of them.
  public mutating func shade(_ mask: Mask, color: Color, strength: Float = 0.4) {
    precondition(mask.width == width && mask.height == height, "the mask is of the image's size")
    for (x, rows) in mask.columns {
      for y in rows { mix(color, into: (x, y), strength: strength) }
    }
  }

  mutating func mix(_ color: Color, into place: (x: Int, y: Int), strength: Float) {
    func mixed(_ own: UInt8, _ other: UInt8) -> UInt8 {
      UInt8((Float(own) + (Float(other) - Float(own)) * strength).rounded())
    }
    let own = self[place.x, place.y]
    self[place.x, place.y] = Color(
      mixed(own.red, color.red), mixed(own.green, color.green), mixed(own.blue, color.blue))
  }
}
