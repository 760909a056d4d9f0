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

  /// Draws the outline of `box`, `thickness` pixels inwards from its edges; what lies outside the
  /// image is left out.
  public mutating func draw(box: PixelRect, color: Color, thickness: Int = 2) {
    precondition(thickness > 0, "an outline is at least a pixel thick")
    let (x0, y0, x1, y1) = (box.x0, box.y0, box.x1, box.y1)
    guard x0 < x1, y0 < y1 else { return }
    let across = min(thickness, x1 - x0)
    let down = min(thickness, y1 - y0)
    fill(PixelRect(x0: x0, y0: y0, x1: x1, y1: y0 + down), color: color)
    fill(PixelRect(x0: x0, y0: y1 - down, x1: x1, y1: y1), color: color)
    fill(PixelRect(x0: x0, y0: y0, x1: x0 + across, y1: y1), color: color)
    fill(PixelRect(x0: x1 - across, y0: y0, x1: x1, y1: y1), color: color)
  }

  /// Mixes `color` into the pixels inside `mask`, which is of the image's size.
  ///
  /// - Parameter strength: 0 leaves the pixels as they are, 1 leaves nothing of them.
  public mutating func shade(_ mask: Mask, color: Color, strength: Float = 0.4) {
    precondition(mask.width == width && mask.height == height, "the mask is of the image's size")
    func mixed(_ own: UInt8, _ other: UInt8) -> UInt8 {
      UInt8((Float(own) + (Float(other) - Float(own)) * strength).rounded())
    }
    for (x, rows) in mask.columns {
      for y in rows {
        let own = self[x, y]
        self[x, y] = Color(
          mixed(own.red, color.red), mixed(own.green, color.green), mixed(own.blue, color.blue))
      }
    }
  }

  /// Columns and rows that `text` takes, with its margin of `scale` pixels all round.
  ///
  /// - Parameter scale: the pixels of the image to a pixel of a letter, at least 1.
  public static func textSize(_ text: String, scale: Int = 1) -> (width: Int, height: Int) {
    let letter = BitmapFont.glyphWidth + 1
    return ((text.count * letter + 1) * scale, (BitmapFont.glyphHeight + 2) * scale)
  }

  /// Writes one line of text with its margin's top left corner at (x, y); what lies outside the
  /// image is left out.
  ///
  /// Latin letters lose their accents; other characters are shown as a box.
  /// - Parameters:
  ///   - background: fills the text's rectangle first, when given.
  ///   - scale: the pixels of the image to a pixel of a letter, at least 1.
  public mutating func draw(
    text: String, x: Int, y: Int, color: Color, background: Color? = nil, scale: Int = 1
  ) {
    precondition(scale > 0, "letters are at least their own size")
    if let background {
      let size = Self.textSize(text, scale: scale)
      fill(PixelRect(x0: x, y0: y, x1: x + size.width, y1: y + size.height), color: background)
    }
    var left = x + scale
    for character in text {
      if left >= width { break }
      for (row, bits) in BitmapFont.rows(of: character).enumerated() {
        for column in 0..<BitmapFont.glyphWidth
        where bits >> (BitmapFont.glyphWidth - 1 - column) & 1 == 1 {
          let (dotX, dotY) = (left + column * scale, y + (row + 1) * scale)
          fill(
            PixelRect(x0: dotX, y0: dotY, x1: dotX + scale, y1: dotY + scale), color: color)
        }
      }
      left += (BitmapFont.glyphWidth + 1) * scale
    }
  }

  /// Draws a box with its label on a filled background: above the box when there is room, otherwise
  /// inside its top edge; moved sideways to stay in the image.
  public mutating func draw(
    box: PixelRect, label: String, color: Color, thickness: Int = 2, scale: Int = 1
  ) {
    draw(box: box, color: color, thickness: thickness)
    let size = Self.textSize(label, scale: scale)
    let y = box.y0 - size.height >= 0 ? box.y0 - size.height : max(box.y0, 0)
    let x = max(min(box.x0, width - size.width), 0)
    draw(text: label, x: x, y: y, color: color.contrasting, background: color, scale: scale)
  }
}
