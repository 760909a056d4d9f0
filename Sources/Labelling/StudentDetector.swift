package import Images
import Networks
import Regions
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

  package func detect(
    _ image: Image, for categories: AskedCategories
  ) throws(InputError) -> ScoredRegions {
    let regions = try describe(image)
    return ScoredRegions(regions, of: student, for: categories)
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

extension ScoredRegions {
  init(
    _ regions: Student.DescribedRegions, of student: Student, for categories: AskedCategories
  ) {
    self.init(
      boxes: regions.regions.boxes, scores: student.scores(regions, for: categories),
      masks: { student.masks($0, in: regions) })
  }
}
