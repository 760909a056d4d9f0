package import Images
package import Regions
package import Student
package import Support
package import Tensors

/// Finds the regions of images, and says of them all that no category is needed for.
package protocol Detector: Sendable {
  /// What its regions are scored by.
  var scorer: any RegionScorer { get }

  /// - Throws: `InputError` where the boxes are not finite, or what they were chosen by.
  func regions(of image: Image) throws(InputError) -> FoundRegions
}

/// Scores regions for any categories, whoever found them and whenever.
package protocol RegionScorer: Sendable {
  /// - Parameters:
  ///   - regions: R of an image.
  ///   - description: what their detector said of them.
  func scores(
    of regions: [Region], _ description: RegionDescription, for categories: AskedCategories
  ) -> RegionScores
}

/// What a detector finds in an image.
///
/// Letters: R regions, N boxes.
package struct FoundRegions {
  /// R, in original pixels, with their objectness.
  let regions: [Region]
  /// Of each of them.
  let description: RegionDescription
  /// Cells [N, side, side] in 0...1 of N boxes of `regions`; nil from a detector without masks.
  let masks: ([Box]) -> Tensor?

  package init(
    _ regions: [Region], _ description: RegionDescription,
    masks: @escaping ([Box]) -> Tensor? = { _ in nil }
  ) {
    (self.regions, self.description, self.masks) = (regions, description, masks)
  }
}
