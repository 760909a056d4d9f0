import Evaluation
import Foundation
import Support

extension ReportPage {
  /// Pictures of validation images with their objects and detections.
  var scenes: Section? {
    let galleries = runs.compactMap { run in
      run.gallery.map { underItsHeading(Piece(names: [run.name], content: element($0))) }
    }
    if galleries.isEmpty { return nil }
    return Section(
      id: "scenes", title: "Scenes",
      content: """
        <fieldset class="layers">
        <legend>Show</legend>
        <label><input type="radio" name="layer" id="layer-both" checked> detections and missed \
        objects</label>
        <label><input type="radio" name="layer" id="layer-detections"> detections</label>
        <label><input type="radio" name="layer" id="layer-truth"> ground truth</label>
        </fieldset>
        <ul class="legend">
        <li><span class="box"></span> detection, a colour a category; its mask, if any, shaded</li>
        <li><span class="box novel"></span> ★ novel category, dashed: no label in training</li>
        <li><span class="box truth"></span> annotated object, white; dashed where novel</li>
        <li>✗ a wrong detection</li>
        <li>? not judged: of a crowd, or not searched for in the image</li>
        </ul>
        \(HTML(galleries))
        """)
  }

  private func element(_ gallery: SceneGallery) -> HTML {
    let shown = gallery.groups.reduce(0) { $0 + $1.scenes.count }
    let groups = gallery.groups.map { group in
      """
      <h3>\(group.title)</h3>
      <div class="gallery">
      \(HTML(group.scenes.map(element)))</div>

      """ as HTML
    }
    return """
      <p>\(shown) of \(gallery.judged.counted("image")), chosen by F1: the harmonic mean of precision and \
      recall of an image's boxes at IoU 0.5, over detections of \(gallery.thresholds.words). Its mean \
      over the images is \(String(format: "%.2f", gallery.meanF1)). Pictures are at most \
      \(SceneGallery.longestSide) pixels long, with at most \(SceneGallery.mostDrawn) detections and \
      objects each.</p>
      \(HTML(groups))
      """
  }

  private func element(_ scene: SceneGallery.Scene) -> HTML {
    let (score, f1) = (scene.score, scene.score.f1.map { String(format: "%.2f", $0) } ?? "–")
    let hidden = [(scene.hiddenDetections, "detections"), (scene.hiddenTruths, "objects")]
      .filter { $0.0 > 0 }.map { ", \($0.0) more \($0.1) not drawn" }.joined()
    let picture: HTML =
      if let jpeg = scene.picture {
        """
        <img src="data:image/jpeg;base64,\(HTML(raw: jpeg.base64EncodedString()))" \
        alt="\(Self.description(of: scene))">
        """
      } else {
        "<p class=\"unreadable\">The image can no longer be read.</p>"
      }
    let drawing = SceneDrawing(
      width: scene.width, height: scene.height, truths: scene.truths, detections: scene.detections,
      font: font)
    return """
      <figure class="scene">
      <div class="picture" style="aspect-ratio:\(scene.width)/\(scene.height)">
      \(picture)
      \(drawing.element)
      </div>
      <figcaption><b>F1 \(f1)</b> · \(score.right) right, \(score.wrong) wrong, \
      \(score.missed) missed\(hidden)<br><span class="file">\(scene.file)</span></figcaption>
      </figure>

      """
  }

  /// The picture in words.
  private static func description(of scene: SceneGallery.Scene) -> String {
    func list(_ objects: [SceneGallery.Object]) -> String {
      let counts = Dictionary(objects.map { ($0.name, 1) }, uniquingKeysWith: +)
      let names = counts.sorted { $0.key < $1.key }.map {
        $0.value > 1 ? "\($0.value) \($0.key)" : $0.key
      }
      return names.isEmpty ? "nothing" : names.joined(separator: ", ")
    }
    let right = scene.detections.filter { $0.judgement == .right }
    let wrong = scene.detections.filter { $0.judgement == .wrong }
    return "Annotated: \(list(scene.truths)). Rightly detected: \(list(right)). "
      + "Wrongly detected: \(list(wrong))."
  }
}
