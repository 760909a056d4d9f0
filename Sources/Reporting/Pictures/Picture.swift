public import Detection
public import Images
import Regions
public import Support

/// Draws detections on images: a box and a label, "traffic light 0.87", or "red traffic light 0.54" with an
/// attribute, each, and its mask shaded where it has one.
///
/// A category has the same colour in all pictures. A name that had no label in training is dashed and
/// has a star, and where there is room the picture says so. Lines and letters follow the image's size,
/// and no label covers another (`LabelPlacer`).
public struct Picture: Sendable {
  private let categories, attributes: [String]
  private let novel: Set<String>
  private let font: LabelFont

  /// - Parameters:
  ///   - categories: names by `Detection.category`.
  ///   - attributes: names by `Detection.Attribute.index`.
  ///   - novel: those of the categories that had no label in training.
  public init(
    categories: [String], attributes: [String] = [], novel: Set<String>, font: LabelFont
  ) {
    (self.categories, self.attributes) = (categories, attributes)
    (self.novel, self.font) = (novel, font)
  }

  /// A copy of `image` with `detections`, in its pixels; the best is drawn last, and its label finds its
  /// place first.
  public func draw(_ detections: [Detection], on image: Image) -> Image {
    let style = PictureStyle(width: image.width, height: image.height)
    var picture = shaded(detections, on: image)
    var placer = draw(detections, on: &picture, style: style)
    if let line = legend(of: detections, textSize: style.textSize) {
      draw(line, on: &picture, beside: detections, placer: &placer)
    }
    return picture
  }

  /// The same at another size, so that lines and letters are sharp, and without an explanation of the
  /// mark.
  ///
  /// - Parameter textShare: of the longer side that a line of text is high.
  func draw(
    _ detections: [Detection], on image: Image, scaledTo size: (width: Int, height: Int),
    textShare: Double
  ) -> Image {
    var picture = shaded(detections, on: image)
      .resized(width: size.width, height: size.height, filter: .bicubic)
    let (across, down) = (
      Float(size.width) / Float(image.width), Float(size.height) / Float(image.height)
    )
    let scaled = detections.map { detection in
      let box = detection.box
      return Detection(
        box: Box(
          x0: box.x0 * across, y0: box.y0 * down, x1: box.x1 * across, y1: box.y1 * down),
        category: detection.category, score: detection.score, attribute: detection.attribute)
    }
    _ = draw(
      scaled, on: &picture,
      style: PictureStyle(
        width: size.width, height: size.height, textShare: textShare, thinnest: 2))
    return picture
  }

  /// What the mark of novel names means; nil where none of them is among `detections`.
  func legend(of detections: [Detection], textSize: Int) -> TextLine? {
    detections.contains(where: isNovel)
      ? font.line("\(font.star) dashed: no label in training", size: textSize) : nil
  }

  private func shaded(_ detections: [Detection], on image: Image) -> Image {
    var picture = image
    for index in descendingOrder(detections.map(\.score)).reversed() {
      guard let mask = detections[index].mask else { continue }
      picture.shade(mask, color: .distinct(detections[index].category))
    }
    return picture
  }

  /// Boxes and labels; returns where labels are.
  private func draw(
    _ detections: [Detection], on picture: inout Image, style: PictureStyle
  ) -> LabelPlacer {
    let found = detections.filter(\.box.isFinite)
    let boxes = found.map { PixelRect($0.box, width: picture.width, height: picture.height) }
    let order = descendingOrder(found.map(\.score))
    for index in order.reversed() {
      picture.draw(
        box: boxes[index], color: .distinct(found[index].category), thickness: style.thickness,
        dash: isNovel(found[index]) ? style.dash : 0)
    }
    var placer = LabelPlacer(width: picture.width, height: picture.height)
    for index in order {
      let line = line(for: found[index], width: picture.width, style: style)
      guard
        let place = placer.place(width: line.width, height: line.height, for: boxes[index])
      else { continue }
      let color = Color.distinct(found[index].category)
      picture.draw(line, x: place.x0, y: place.y0, color: color.contrasting, background: color)
    }
    return placer
  }

  private func isNovel(_ detection: Detection) -> Bool {
    novel.contains(categories[detection.category])
  }

  private func line(for detection: Detection, width: Int, style: PictureStyle) -> TextLine {
    let attribute = detection.attribute.map { "\(attributes[$0.index]) " } ?? ""
    let label = Self.label(
      attribute + categories[detection.category], score: detection.score,
      mark: isNovel(detection) ? font.star : ""
    ) { font.line($0, size: style.textSize).width <= width }
    return font.line(label, size: style.textSize)
  }

  /// Draws a line in a corner without labels and boxes, if there is one.
  private func draw(
    _ line: TextLine, on picture: inout Image, beside detections: [Detection],
    placer: inout LabelPlacer
  ) {
    let boxes = detections.filter(\.box.isFinite).map {
      PixelRect($0.box, width: picture.width, height: picture.height)
    }
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
