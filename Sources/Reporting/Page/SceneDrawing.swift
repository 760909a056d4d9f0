import Detection
import Evaluation
import Foundation
import Images
import Regions

/// The boxes, masks and labels over a scene's picture, in the style of `vild detect`'s pictures.
///
/// Drawn on a canvas whose longer side is `SceneGallery.longestSide`, however large the image is. In
/// each of the page's views (detections and missed objects, detections, objects) no label covers
/// another.
struct SceneDrawing {
  private let truths, detections: [SceneGallery.Object]
  private let font: LabelFont
  private let scale: Float
  private let width, height: Int
  private let style: PictureStyle

  /// - Parameters:
  ///   - width: of the image in pixels, as the height.
  ///   - detections: best first.
  init(
    width imageWidth: Int, height imageHeight: Int, truths: [SceneGallery.Object] = [],
    detections: [SceneGallery.Object], font: LabelFont
  ) {
    (self.truths, self.detections, self.font) = (truths, detections, font)
    scale = Float(SceneGallery.longestSide) / Float(max(imageWidth, imageHeight))
    width = max(1, Int((Float(imageWidth) * scale).rounded()))
    height = max(1, Int((Float(imageHeight) * scale).rounded()))
    // A column of the page is 340 pixels wide at least.
    style = PictureStyle(width: width, height: height, textShare: 1.0 / 28)
  }

  /// An SVG element.
  var element: HTML {
    var both = LabelPlacer(width: width, height: height)
    // The best find their places first.
    let detections = detections.map { ($0, place(of: $0, by: &both)) }
    let missed = self.truths.filter { $0.judgement == .wrong }.map {
      ($0, place(of: $0, by: &both))
    }
    var truths = LabelPlacer(width: width, height: height)
    for (_, place) in missed { _ = place.map { truths.reserve($0) } }
    let found = self.truths.filter { $0.judgement != .wrong }.map {
      ($0, place(of: $0, by: &truths))
    }
    // As on `detect`'s pictures, the best lies on top, and labels on everything.
    let drawn = found + missed + detections.reversed()
    return """
      <svg class="drawing" viewBox="0 0 \(width) \(height)" font-size="\(style.textSize)" \
      aria-hidden="true">
      \(HTML(drawn.map { box(of: $0.0) }))\(HTML(drawn.map(label)))</svg>
      """
  }

  // MARK: - Boxes

  private func box(of object: SceneGallery.Object) -> HTML {
    let (place, line) = (rect(of: object), style.thickness)
    let frame: HTML = """
      x="\(place.x0)" y="\(place.y0)" width="\(place.width)" height="\(place.height)"
      """
    let mask = object.mask.map { mask -> HTML in
      "<path transform=\"scale(\(String(format: "%.4f", scale)))\" d=\"\(mask.path)\"/>"
    }
    let halo: HTML =
      object.score == nil
      ? "<rect class=\"halo\" \(frame) stroke-width=\"\(line + 2)\"/>" : .nothing
    let dashes: HTML =
      object.isNovel ? " stroke-dasharray=\"\(style.dash) \(style.dash * 2 / 3)\"" : .nothing
    return """
      <g class="\(classes(of: object))"\(color(of: object))>\(mask ?? .nothing)\(halo)\
      <rect class="line" \(frame) stroke-width="\(line)"\(dashes)/></g>

      """
  }

  private func classes(of object: SceneGallery.Object) -> String {
    var classes = [object.score == nil ? "truth" : "detection"]
    if object.isNovel { classes.append("novel") }
    if object.score == nil && object.judgement != .wrong { classes.append("found") }
    return classes.joined(separator: " ")
  }

  /// Objects are white by the page's style.
  private func color(of object: SceneGallery.Object) -> HTML {
    object.color.map { " style=\"--c:\($0.css);--t:\($0.contrasting.css)\"" } ?? .nothing
  }

  private func rect(of object: SceneGallery.Object) -> PixelRect {
    let box = object.box
    return PixelRect(
      Box(x0: box.x0 * scale, y0: box.y0 * scale, x1: box.x1 * scale, y1: box.y1 * scale),
      width: width, height: height)
  }

  // MARK: - Labels

  private func text(of object: SceneGallery.Object) -> String {
    let mark = object.isNovel ? "★" : ""
    guard let score = object.score else { return object.name + mark }
    return Picture.label(
      object.judgement.mark + object.name, score: score, mark: mark
    ) { lineWidth($0) <= width }
  }

  private func lineWidth(_ text: String) -> Int { font.line(text, size: style.textSize).width }

  private func place(
    of object: SceneGallery.Object, by placer: inout LabelPlacer
  ) -> PixelRect? {
    let line = font.line(text(of: object), size: style.textSize)
    return placer.place(width: line.width, height: line.height, for: rect(of: object))
  }

  /// Letters are squeezed or stretched to the width that was planned for them: the reader's browser has
  /// its own.
  private func label(_ object: SceneGallery.Object, at place: PixelRect?) -> HTML {
    guard let place else { return .nothing }
    let margin = style.textSize / 6
    return """
      <g class="label \(classes(of: object))"\(color(of: object))>\
      <rect x="\(place.x0)" y="\(place.y0)" width="\(place.width)" height="\(place.height)"/>\
      <text x="\(place.x0 + margin)" y="\(place.y0 + place.height * 4 / 5)" \
      textLength="\(max(1, place.width - 2 * margin))" \
      lengthAdjust="spacingAndGlyphs">\(text(of: object))</text></g>

      """
  }
}

extension Color {
  /// "#1f5fa8".
  fileprivate var css: String { String(format: "#%02x%02x%02x", red, green, blue) }
}

extension ImageScore.Judgement {
  /// Before the name of a detection.
  fileprivate var mark: String {
    switch self {
    case .right: ""
    case .wrong: "✗ "
    case .ignored: "? "
    }
  }
}
