package import Images
import Networks
package import Regions
package import Student
package import Support

/// A trained student by itself.
package struct StudentDetector: Detector {
  let student: Student
  private let longSide: Int
  private let proposals: Int

  /// - Parameters:
  ///   - student: with norms folded.
  ///   - longSide: of an image as the student sees it, in pixels.
  ///   - proposals: how many go through the second stage.
  package init(student: Student, longSide: Int, proposals: Int) {
    (self.student, self.longSide, self.proposals) = (student, longSide, proposals)
  }

  package var scorer: any RegionScorer { StudentScorer(method: student.regions) }

  package func regions(of image: Image) throws(InputError) -> FoundRegions {
    let found = try describe(image)
    return FoundRegions(found.regions, found.description) { student.masks($0, in: found) }
  }

  func describe(_ image: Image) throws(InputError) -> Student.DescribedRegions {
    let input = DetectorInput(
      image, longSide: longSide, mean: student.pixels.mean,
      standardDeviation: student.pixels.standardDeviation)
    let regions = student.detect(input, limit: proposals)
    guard regions.isFinite else { throw .notFinite("the student's boxes and objectness") }
    return regions
  }
}

/// A student's second stage, as far as it is about categories.
package struct StudentScorer: RegionScorer {
  private let method: any RegionMethod

  package init(method: any RegionMethod) { self.method = method }

  package func scores(
    of regions: [Region], _ description: RegionDescription, for categories: AskedCategories
  ) -> RegionScores {
    method.scores(description, for: categories)
  }
}
