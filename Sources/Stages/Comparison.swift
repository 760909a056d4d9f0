import Distillation
import Student

/// Which rows of the paper's table of methods `vild compare` fills from one pipeline.
public struct ComparisonConfiguration: Codable, Hashable, Sendable {
  public var methods: [ComparedMethod] = [.vildText, .vild]
  /// Each trains every student anew; all share proposals and cache.
  public var seeds: [UInt64] = [1]
}

/// A row of the paper's tables: a student's method, or a reference that needs none.
public enum ComparedMethod: String, Codable, Hashable, Sendable, CaseIterable {
  case supervised
  case teacherCrops = "teacher_crops"
  case teacherCropsObjectness = "teacher_crops_objectness"
  case vildText = "vild_text"
  case textAndTeacherCrops = "text_and_teacher_crops"
  case vildImage = "vild_image"
  case vild
  case vildEnsemble = "vild_ensemble"

  /// Whether another seed gives another detector.
  var isTrained: Bool { self != .teacherCrops && self != .teacherCropsObjectness }

  /// The pipeline of this row: nothing but method, classifier and the student's seed changes.
  func pipeline(
    from configuration: PipelineConfiguration, seed: UInt64
  ) -> PipelineConfiguration {
    var row = configuration
    row.distillation.training.seed = seed
    row.detection.classifier =
      DetectionConfiguration.Classifier(rawValue: rawValue) ?? .student
    if self == .textAndTeacherCrops { row.student.method = .vildText }
    if let method = Method(rawValue: rawValue) { row.student.method = method }
    return row
  }
}
