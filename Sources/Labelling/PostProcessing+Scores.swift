package import Detection
package import Regions
package import Student
package import Support
import Tensors

extension PostProcessing {
  /// The detections of an image among its regions, best first.
  ///
  /// Boxes are chosen by p(category | region), so that attributes, whose softmax knows no background,
  /// move no box and let none through. Each detection then has its region's most probable attribute, and
  /// its score is the product of both, which they are sorted by.
  ///
  /// - Parameters:
  ///   - boxes: [R]
  ///   - scores: of the same regions.
  /// - Throws: `InputError` for scores that are not finite.
  package func detections(
    boxes: [Box], scores: RegionScores
  ) throws(InputError) -> [Detection] {
    var isFinite = true
    let chosen = candidates(boxes: boxes, tiles: scores.tiles) { tile in
      let scores = scores(tile)
      isFinite = isFinite && scores.isFinite
      return scores
    }
    // Otherwise they are no detections, as if nothing were there.
    guard isFinite else { throw .notFinite("the scores of the regions") }
    let details = scores.details(of: chosen.map { ($0.box, $0.category) })
    let detections = zip(chosen, details).map { candidate, details in
      var detection = candidate.detection(of: boxes)
      detection.parentProbability = details.parent
      detection.cosine = .init(text: details.textCosine, image: details.imageCosine)
      if let attribute = details.attribute {
        detection.attribute = .init(
          index: attribute.index, probability: attribute.probability,
          categoryProbability: candidate.score)
        detection.score = candidate.score * attribute.probability
      }
      return detection
    }
    return descendingOrder(detections.map(\.score)).map { detections[$0] }
  }
}
