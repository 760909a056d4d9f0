import Regions

/// A line of text as a picture of its letters, with a margin all round.
public struct TextLine: Sendable, Equatable {
  /// Columns, at least 1.
  public let width: Int
  /// Rows, at least 1.
  public let height: Int
  /// height x width numbers: how much of each pixel is letter, 0 ... 255.
  let coverage: [UInt8]

  /// A letter's picture and where its top left corner stands in the line.
  struct Glyph {
    let x, y, width, height: Int
    /// height x width, 0 ... 255.
    let coverage: [UInt8]
  }

  /// Puts letters together; what lies outside the line is left out.
  init(width: Int, height: Int, _ glyphs: [Glyph]) {
    precondition(width > 0 && height > 0, "a line has at least one pixel")
    var coverage = [UInt8](repeating: 0, count: width * height)
    for glyph in glyphs {
      for row in 0..<glyph.height where (0..<height).contains(glyph.y + row) {
        for column in 0..<glyph.width where (0..<width).contains(glyph.x + column) {
          let place = (glyph.y + row) * width + glyph.x + column
          coverage[place] = max(coverage[place], glyph.coverage[row * glyph.width + column])
        }
      }
    }
    (self.width, self.height, self.coverage) = (width, height, coverage)
  }
}

extension Image {
  /// Draws a line of text with its top left corner at (x, y); what lies outside the image is left
  /// out.
  ///
  /// - Parameter background: fills the line's rectangle first, when given.
  public mutating func draw(
    _ line: TextLine, x: Int, y: Int, color: Color, background: Color? = nil
  ) {
    if let background {
      fill(PixelRect(x0: x, y0: y, x1: x + line.width, y1: y + line.height), color: background)
    }
    for row in 0..<line.height where (0..<height).contains(y + row) {
      for column in 0..<line.width where (0..<width).contains(x + column) {
        let share = line.coverage[row * line.width + column]
        if share > 0 { mix(color, into: (x + column, y + row), strength: Float(share) / 255) }
      }
    }
  }
}
