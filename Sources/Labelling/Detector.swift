package import Images
package import Regions
package import Student
package import Support
package import Tensors

/// Finds regions of an image and scores them for any categories.
package protocol Detector: Sendable {
  /// - Throws: `InputError` where the boxes are not finite, or what they were chosen by.
  func detect(
    _ image: Image, for categories: AskedCategories
  ) throws(InputError) -> ScoredRegions
}

/// What a detector finds in an image.
///
/// Letters: R regions, N boxes.
package struct ScoredRegions {
  /// R, in original pixels.
  let boxes: [Box]
  let scores: RegionScores
  /// Cells [N, side, side] in 0...1 of N boxes, usually the detections chosen of `boxes`; nil from a
  /// detector without masks.
  let masks: ([Box]) -> Tensor?

  package init(
    boxes: [Box], scores: RegionScores, masks: @escaping ([Box]) -> Tensor? = { _ in nil }
  ) {
    (self.boxes, self.scores, self.masks) = (boxes, scores, masks)
  }
}
