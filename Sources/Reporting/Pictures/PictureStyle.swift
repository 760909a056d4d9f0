package import Regions

/// How large lines and letters are, in pixels of the picture.
package struct PictureStyle: Equatable {
  /// Of letters, as `LabelFont.line` takes it.
  package let textSize: Int
  package let thickness: Int
  /// The length of the dashes of a novel name's box.
  package var dash: Int { 4 * thickness }

  /// - Parameters:
  ///   - textShare: of the longer side that a line of text is high.
  ///   - thinnest: the least thickness of a line.
  package init(width: Int, height: Int, textShare: Double = 1.0 / 40, thinnest: Int = 1) {
    let longSide = max(width, height)
    textSize = max(11, Int(Double(longSide) * textShare))
    thickness = max(thinnest, (longSide + 150) / 300)
  }
}

extension PixelRect {
  /// The whole pixels that `box` touches in a picture of this size, at least one.
  package init(_ box: Box, width: Int, height: Int) {
    func span(_ low: Float, _ high: Float, _ extent: Int) -> (Int, Int) {
      let limit = Float(extent)
      let first = min(Int(min(max(low, 0), limit)), extent - 1)
      return (first, max(first + 1, Int(min(max(high, 0), limit).rounded(.up))))
    }
    let (x0, x1) = span(box.x0, box.x1, width)
    let (y0, y1) = span(box.y0, box.y1, height)
    self.init(x0: x0, y0: y0, x1: x1, y1: y1)
  }
}
