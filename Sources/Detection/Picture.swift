public import Images
import Regions
public import Support

/// An image with its detections drawn on it.
public enum Picture {
  /// A copy of `image` with a box and a label, "traffic light 0.87", a detection, and its mask shaded
  /// where it has one.
  ///
  /// A category has the same colour in all pictures; lines and letters grow with the image; the best
  /// detection is drawn last. A name too long for the image is shortened.
  /// - Parameters:
  ///   - detections: in pixels of `image`.
  ///   - categories: names by `Detection.category`.
  public static func draw(
    _ detections: [Detection], on image: Image, categories: [String]
  ) -> Image {
    var picture = image
    let longSide = max(image.width, image.height)
    let thickness = max(1, (longSide + 150) / 300)
    let scale = max(1, (longSide + 200) / 400)
    let order = descendingOrder(detections.map(\.score)).reversed()
    for detection in order.map({ detections[$0] }) where detection.box.isFinite {
      let label = self.label(
        categories[detection.category], score: detection.score, width: image.width, scale: scale)
      let color = Color.distinct(detection.category)
      if let mask = detection.mask { picture.shade(mask, color: color) }
      picture.draw(
        box: PixelRect(detection.box, within: image), label: label, color: color,
        thickness: thickness, scale: scale)
    }
    return picture
  }

  /// Writes `draw`'s picture as a JPEG.
  ///
  /// - Throws: `InputError` when the file cannot be written, or a side is beyond what a JPEG holds.
  public static func write(
    _ detections: [Detection], on image: Image, categories: [String], to path: String
  ) throws(InputError) {
    guard max(image.width, image.height) <= longestSide else {
      throw InputError(
        .badData, "the picture is too large for a JPEG", at: path,
        expected: "sides of at most \(longestSide) pixels",
        got: "\(image.width) x \(image.height)")
    }
    try Files.write(draw(detections, on: image, categories: categories).jpegData(), to: path)
  }

  /// What libjpeg writes at most.
  private static let longestSide = 65_500

  /// Name and score, the name shortened until both fit into `width` pixels.
  package static func label(_ name: String, score: Float, width: Int, scale: Int) -> String {
    let percent = Int((score * 100).rounded())
    let number = percent < 100 ? "0.\(percent < 10 ? "0" : "")\(percent)" : "1.00"
    var label = "\(name) \(number)"
    var kept = name.count
    while kept > 0, Image.textSize(label, scale: scale).width > width {
      kept -= 1
      label = "\(name.prefix(kept)).. \(number)"
    }
    return label
  }
}

extension PixelRect {
  /// The whole pixels that `box` touches in `image`, at least one.
  fileprivate init(_ box: Box, within image: Image) {
    func span(_ low: Float, _ high: Float, _ extent: Int) -> (Int, Int) {
      let limit = Float(extent)
      let first = min(Int(min(max(low, 0), limit)), extent - 1)
      return (first, max(first + 1, Int(min(max(high, 0), limit).rounded(.up))))
    }
    let (x0, x1) = span(box.x0, box.x1, image.width)
    let (y0, y1) = span(box.y0, box.y1, image.height)
    self.init(x0: x0, y0: y0, x1: x1, y1: y1)
  }
}
