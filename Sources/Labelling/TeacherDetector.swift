package import Images
package import Regions
package import Student
package import Support
package import Teacher
import Tensors

/// The teacher looks at the crop of every offline proposal; there is no student.
package struct TeacherDetector: Detector {
  private let finder: ProposalFinder
  private let embedder: RegionEmbedder
  package let scorer: any RegionScorer

  /// - Parameters:
  ///   - usesObjectness: whether scores are the geometric mean with the proposals' objectness.
  ///   - temperature: of the softmax over the names, above 0.
  package init(
    finder: ProposalFinder, embedder: RegionEmbedder, usesObjectness: Bool, temperature: Float
  ) {
    (self.finder, self.embedder) = (finder, embedder)
    scorer = TeacherScorer(usesObjectness: usesObjectness, temperature: temperature)
  }

  package func regions(of image: Image) throws(InputError) -> FoundRegions {
    let regions = embedder.embed(image, try finder.proposals(of: image))
    let embeddings = Tensor(embeddingsOf: [regions], width: embedder.teacher.width)
    return FoundRegions(regions.regions, RegionDescription(image: embeddings))
  }
}

/// The teacher's own classification of crops.
package struct TeacherScorer: RegionScorer {
  private let usesObjectness: Bool
  private let temperature: Float

  /// - Parameters: as those of `TeacherDetector`.
  package init(usesObjectness: Bool, temperature: Float) {
    (self.usesObjectness, self.temperature) = (usesObjectness, temperature)
  }

  package func scores(
    of regions: [Region], _ description: RegionDescription, for categories: AskedCategories
  ) -> RegionScores {
    guard let crops = description.image else { preconditionFailure("regions of a student") }
    return RegionScores(
      teacher: crops, objectness: usesObjectness ? regions.scores : nil, for: categories,
      temperature: temperature)
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

  package var scorer: any RegionScorer { student.scorer }

  package func regions(of image: Image) throws(InputError) -> FoundRegions {
    var found = try student.describe(image)
    found.description.image = Tensor(
      embeddingsOf: [embedder.embed(image, found.regions)], width: embedder.teacher.width)
    return FoundRegions(found.regions, found.description) { [student = student.student] in
      student.masks($0, in: found)
    }
  }
}
