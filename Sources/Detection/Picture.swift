public import Images
package import Regions
public import Support

/// Draws detections on images: a box and a label, "traffic light 0.87", each, and its mask shaded where
/// it has one.
///
/// A category has the same colour in all pictures. A name that had no label in training is dashed and
/// has a star, and where there is room the picture says so. Lines and letters follow the image's size,
/// and no label covers another (`LabelPlacer`).
public struct Picture: Sendable {
  private let categories: [String]
  private let novel: Set<String>
  private let font: LabelFont

  /// - Parameters:
  ///   - categories: names by `Detection.category`.
  ///   - novel: those of them that had no label in training.
  public init(categories: [String], novel: Set<String>, font: LabelFont) {
    (self.categories, self.novel, self.font) = (categories, novel, font)
  }

  /// What the mark of a novel name means.
  package static func legend(_ font: LabelFont) -> String {
    "\(font.star) dashed: no label in training"
  }

  /// A copy of `image` with `detections`, in its pixels; the best is drawn last, and its label finds its
  /// place first.
  public func draw(_ detections: [Detection], on image: Image) -> Image {
    draw(detections, on: image, style: PictureStyle(width: image.width, height: image.height))
  }

  package func draw(
    _ detections: [Detection], on image: Image, style: PictureStyle, legend: Bool = true
  ) -> Image {
    var picture = image
    let found = detections.filter(\.box.isFinite)
    let boxes = found.map { PixelRect($0.box, within: image) }
    let order = descendingOrder(found.map(\.score))
    for index in order.reversed() {
      let color = Color.distinct(found[index].category)
      if let mask = found[index].mask { picture.shade(mask, color: color) }
      picture.draw(
        box: boxes[index], color: color, thickness: style.thickness,
        dash: isNovel(found[index]) ? style.dash : 0)
    }
    var placer = LabelPlacer(width: image.width, height: image.height)
    for index in order {
      let line = line(for: found[index], width: image.width, style: style)
      guard
        let place = placer.place(width: line.width, height: line.height, for: boxes[index])
      else { continue }
      let color = Color.distinct(found[index].category)
      picture.draw(
        line, x: place.x0, y: place.y0, color: color.contrasting, background: color)
    }
    if legend, found.contains(where: isNovel) {
      drawLegend(on: &picture, beside: boxes, placer: &placer, style: style)
    }
    return picture
  }

  private func isNovel(_ detection: Detection) -> Bool {
    novel.contains(categories[detection.category])
  }

  private func line(for detection: Detection, width: Int, style: PictureStyle) -> TextLine {
    let label = Self.label(
      categories[detection.category], score: detection.score,
      mark: isNovel(detection) ? font.star : ""
    ) { font.line($0, size: style.textSize).width <= width }
    return font.line(label, size: style.textSize)
  }

  /// In a corner without labels and boxes, if there is one.
  private func drawLegend(
    on picture: inout Image, beside boxes: [PixelRect], placer: inout LabelPlacer,
    style: PictureStyle
  ) {
    let line = font.line(Self.legend(font), size: style.textSize)
    let (right, bottom) = (picture.width - line.width, picture.height - line.height)
    for (x, y) in [(0, bottom), (right, bottom), (0, 0), (right, 0)] {
      let place = PixelRect(x0: x, y0: y, x1: x + line.width, y1: y + line.height)
      guard boxes.allSatisfy({ $0.intersection(place) == nil }), placer.reserve(place) else {
        continue
      }
      return picture.draw(line, x: x, y: y, color: .black, background: .white)
    }
  }

  /// Writes `draw`'s picture as a JPEG.
  ///
  /// - Throws: `InputError` when the file cannot be written, or a side is beyond what a JPEG holds.
  public func write(
    _ detections: [Detection], on image: Image, to path: String
  ) throws(InputError) {
    guard max(image.width, image.height) <= Self.longestSide else {
      throw InputError(
        .badData, "the picture is too large for a JPEG", at: path,
        expected: "sides of at most \(Self.longestSide) pixels",
        got: "\(image.width) x \(image.height)")
    }
    try Files.write(draw(detections, on: image).jpegData(), to: path)
  }

  /// What libjpeg writes at most.
  private static let longestSide = 65_500

  /// Name, mark and score, the name shortened until the label fits.
  package static func label(
    _ name: String, score: Float, mark: String = "", fits: (String) -> Bool
  ) -> String {
    let percent = Int((score * 100).rounded())
    let number = percent < 100 ? "0.\(percent < 10 ? "0" : "")\(percent)" : "1.00"
    var label = "\(name)\(mark) \(number)"
    var kept = name.count
    while kept > 0, !fits(label) {
      kept -= 1
      label = "\(name.prefix(kept))..\(mark) \(number)"
    }
    return label
  }
}

/// How large lines and letters are, in pixels of the picture.
package struct PictureStyle: Equatable {
  /// Of letters, as `LabelFont.line` takes it.
  package let textSize: Int
  package let thickness: Int
  /// The length of the dashes of a novel name's box.
  package var dash: Int { 4 * thickness }

  /// - Parameter textShare: of the longer side that a line of text is high.
  package init(width: Int, height: Int, textShare: Double = 1.0 / 40) {
    let longSide = max(width, height)
    textSize = max(11, Int(Double(longSide) * textShare))
    thickness = max(1, (longSide + 150) / 300)
  }
}

extension PixelRect {
  /// The whole pixels that `box` touches in `image`, at least one.
  package init(_ box: Box, within image: Image) {
    self.init(box, width: image.width, height: image.height)
  }

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
