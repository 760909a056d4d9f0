import Detection
import Evaluation
import Foundation
import Images
import Support

extension BrowsePage {
  /// The images with most objects; empty without one.
  func imagesSection(_ figures: [HTML]) -> String {
    if figures.isEmpty { return "" }
    let section: HTML = """
      <section id="images">
      <h2>Images with most objects</h2>
      <p>With at most \(SceneGallery.mostDrawn) of their objects; a colour a name.</p>
      <div class="gallery">
      \(HTML(figures))</div>
      </section>

      """
    return section.text
  }

  /// An image with its objects, of at most `bytes`.
  func figure(of pieces: CropCutter.Pieces, _ names: [String], atMost bytes: Int) -> HTML {
    let objects = pieces.detections.filter { $0.score >= thresholds[$0.category] }
    let drawing = drawing(of: objects, names, in: pieces, atMost: bytes / 2)
    // The words take less than 2,000 bytes.
    let jpeg = pieces.picture.flatMap { picture in
      CropCutter.Crop(image: picture, jpeg: picture.jpegData(quality: 75))
        .jpeg(atMost: (bytes - drawing.text.utf8.count - 2_000) / 4 * 3)
    }
    let picture: HTML =
      if let jpeg {
        """
        <img src="data:image/jpeg;base64,\(HTML(raw: jpeg.base64EncodedString()))" \
        alt="\(objects.count.counted("object"))">
        """
      } else {
        "<p class=\"unreadable\">\((pieces.failure ?? "the page has no room for it").shown(120))</p>"
      }
    return """
      <figure class="scene">
      <div class="picture" style="aspect-ratio:\(pieces.width)/\(pieces.height)">
      \(picture)
      \(jpeg == nil ? .nothing : drawing)
      </div>
      <figcaption><b>\(objects.count.counted("object"))</b><br><span class="file">\
      \(pieces.row.image.shown(120, fromEnd: true))</span></figcaption>
      </figure>

      """
  }

  /// Of as many objects as there is room for.
  private func drawing(
    of objects: [Detection], _ names: [String], in pieces: CropCutter.Pieces, atMost bytes: Int
  ) -> HTML {
    let drawn = objects.prefix(SceneGallery.mostDrawn).map { detection in
      SceneGallery.Object(
        name: names[detection.category].shown(40), isNovel: false,
        color: .distinct(detection.category), box: detection.box, mask: nil,
        score: detection.score, judgement: .right)
    }
    var count = drawn.count
    while true {
      let drawing = SceneDrawing(
        width: pieces.width, height: pieces.height, detections: Array(drawn.prefix(count)),
        font: font
      ).element
      if count == 0 || drawing.text.utf8.count <= bytes { return drawing }
      count /= 2
    }
  }
}
