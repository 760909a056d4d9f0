import Images
import Networks
import Regions
import Student
import Support
import Teacher
import Tensors

/// Finds regions of an image and scores them for any categories.
///
/// Letters: R regions, C categories, D embedding width.
protocol Detector: Sendable {
  /// - Throws: `InputError` where the boxes are not finite, or what they were chosen by.
  func detect(
    _ image: Image, for categories: AskedCategories
  ) throws(InputError) -> ScoredRegions
}

/// What a detector finds in an image.
struct ScoredRegions {
  /// R, in original pixels.
  let boxes: [Box]
  let scores: RegionScores
  /// Cells [N, side, side] in 0...1 of N boxes, usually the detections chosen of `boxes`; nil from a
  /// detector without masks.
  var masks: ([Box]) -> Tensor? = { _ in nil }
}

/// A trained student by itself.
struct StudentDetector: Detector {
  let student: Student
  let longSide: Int
  /// Proposals that go through the second stage.
  let proposals: Int

  /// What it finds depends on.
  ///
  /// - Parameter student: its hash, or that of what it depends on.
  static func inputs(student: String, _ choices: DetectionConfiguration) -> StageInputs {
    var inputs = StageInputs()
    inputs.add("student", hash: student)
    inputs.add("long side", choices.longSide)
    inputs.add("proposals", choices.proposals)
    return inputs
  }

  func detect(
    _ image: Image, for categories: AskedCategories
  ) throws(InputError) -> ScoredRegions {
    let regions = try describe(image)
    return ScoredRegions(regions, of: student, for: categories)
  }

  fileprivate func describe(_ image: Image) throws(InputError) -> Student.DescribedRegions {
    let input = DetectorInput(
      image, longSide: longSide, mean: student.pixels.mean,
      standardDeviation: student.pixels.standardDeviation)
    let regions = student.detect(input, limit: proposals)
    guard regions.isFinite else { throw .notFinite("the student's boxes and objectness") }
    return regions
  }
}

/// The teacher looks at the crop of every offline proposal; there is no student.
struct TeacherDetector: Detector {
  let finder: ProposalFinder
  let embedder: RegionEmbedder
  /// Whether scores are the geometric mean with the proposals' objectness.
  let usesObjectness: Bool
  let temperature: Float

  /// What it finds depends on.
  ///
  /// - Parameters:
  ///   - proposals: the hash of what the boxes depend on.
  ///   - regions: what their embeddings depend on.
  static func inputs(
    proposals: String, regions: StageInputs, usesObjectness: Bool, temperature: Float
  ) -> StageInputs {
    var inputs = StageInputs()
    inputs.add("proposals", hash: proposals)
    inputs.add("regions", of: regions)
    inputs.add("objectness", usesObjectness)
    inputs.add("temperature", temperature)
    return inputs
  }

  func detect(
    _ image: Image, for categories: AskedCategories
  ) throws(InputError) -> ScoredRegions {
    let regions = embedder.embed(image, try finder.proposals(of: image))
    let scores = RegionScores(
      teacher: regions, names: categories.embeddings, usesObjectness: usesObjectness,
      temperature: temperature)
    return ScoredRegions(boxes: regions.regions.boxes, scores: scores)
  }
}

/// A ViLD-text student gives boxes and text scores; the teacher looks at the crops of the boxes in
/// the place of an image head.
struct TextAndTeacherDetector: Detector {
  let student: StudentDetector
  let embedder: RegionEmbedder

  /// What it finds depends on.
  ///
  /// - Parameters:
  ///   - student: what the student finds depends on.
  ///   - regions: what the embeddings of regions depend on.
  static func inputs(_ student: StageInputs, regions: StageInputs) -> StageInputs {
    var inputs = student
    inputs.add("regions", of: regions)
    return inputs
  }

  func detect(
    _ image: Image, for categories: AskedCategories
  ) throws(InputError) -> ScoredRegions {
    var regions = try student.describe(image)
    regions.description.image = Tensor(
      embeddingsOf: [embedder.embed(image, regions.regions)], width: embedder.teacher.width)
    return ScoredRegions(regions, of: student.student, for: categories)
  }
}

extension ScoredRegions {
  fileprivate init(
    _ regions: Student.DescribedRegions, of student: Student, for categories: AskedCategories
  ) {
    self.init(
      boxes: regions.regions.boxes, scores: student.scores(regions, for: categories),
      masks: { student.masks($0, in: regions) })
  }
}
