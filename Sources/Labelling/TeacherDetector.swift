package import Images
import Regions
package import Student
package import Support
package import Teacher
import Tensors

/// The teacher looks at the crop of every offline proposal; there is no student.
package struct TeacherDetector: Detector {
  private let finder: ProposalFinder
  private let embedder: RegionEmbedder
  private let usesObjectness: Bool
  private let temperature: Float

  /// - Parameters:
  ///   - usesObjectness: whether scores are the geometric mean with the proposals' objectness.
  ///   - temperature: of the softmax over the names, above 0.
  package init(
    finder: ProposalFinder, embedder: RegionEmbedder, usesObjectness: Bool, temperature: Float
  ) {
    (self.finder, self.embedder) = (finder, embedder)
    (self.usesObjectness, self.temperature) = (usesObjectness, temperature)
  }

  package func detect(
    _ image: Image, for categories: AskedCategories
  ) throws(InputError) -> ScoredRegions {
    let regions = embedder.embed(image, try finder.proposals(of: image))
    let scores = RegionScores(
      teacher: regions, for: categories, usesObjectness: usesObjectness,
      temperature: temperature)
    return ScoredRegions(boxes: regions.regions.boxes, scores: scores)
  }
}

/// A ViLD-text student gives boxes and text scores; the teacher looks at the crops of the boxes in
/// the place of an image head.
package struct TextAndTeacherDetector: Detector {
  private let student: StudentDetector
  private let embedder: RegionEmbedder

  package init(student: StudentDetector, embedder: RegionEmbedder) {
    (self.student, self.embedder) = (student, embedder)
  }

  package func detect(
    _ image: Image, for categories: AskedCategories
  ) throws(InputError) -> ScoredRegions {
    var regions = try student.describe(image)
    regions.description.image = Tensor(
      embeddingsOf: [embedder.embed(image, regions.regions)], width: embedder.teacher.width)
    return ScoredRegions(regions, of: student.student, for: categories)
  }
}
