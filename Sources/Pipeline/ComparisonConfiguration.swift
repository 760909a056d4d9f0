import Distillation
import Student

/// Which rows of the paper's table of methods `vild compare` fills from one pipeline.
public struct ComparisonConfiguration: Codable, Hashable, Sendable {
  public var methods: [ComparedMethod] = [.vildText, .vild]
  /// Each trains every student anew; all share proposals and cache.
  public var seeds: [UInt64] = [1]
  /// Of the row `supervised_all`: how rare a category's images must be to be repeated (LVIS: 0.001).
  public var repeatThreshold = 0.001
}

extension ComparisonConfiguration {
  /// All seeds for a method that trains a student, one for others.
  package func seeds(of method: ComparedMethod) -> [UInt64] {
    method.isTrained ? seeds : Array(seeds.prefix(1))
  }
}

/// A row of the paper's tables: a student's method, or a reference that needs none.
public enum ComparedMethod: String, Codable, Hashable, Sendable, CaseIterable {
  case supervised
  /// The same with the labels of novel categories as well, and repeated images: the paper's
  /// Supervised-RFS (base + novel).
  case supervisedAll = "supervised_all"
  case teacherCrops = "teacher_crops"
  case teacherCropsObjectness = "teacher_crops_objectness"
  case vildText = "vild_text"
  case textAndTeacherCrops = "text_and_teacher_crops"
  case vildImage = "vild_image"
  case vild
  case vildEnsemble = "vild_ensemble"

  /// Whether another seed gives another detector.
  package var isTrained: Bool { self != .teacherCrops && self != .teacherCropsObjectness }

  /// The row whose student this one evaluates.
  package var student: ComparedMethod { self == .textAndTeacherCrops ? .vildText : self }

  /// Whether its student learns from the cache.
  package var distils: Bool { Method(rawValue: rawValue)?.distils ?? false }

  /// The pipeline of this row: nothing but method, labels, classifier and the student's seed changes.
  package func pipeline(
    from configuration: PipelineConfiguration, seed: UInt64
  ) -> PipelineConfiguration {
    var row = configuration
    row.distillation.training.seed = seed
    row.detection.classifier =
      DetectionConfiguration.Classifier(rawValue: rawValue) ?? .student
    if self == .textAndTeacherCrops { row.student.method = .vildText }
    if self == .supervisedAll {
      (row.student.method, row.student.labels) = (.supervised, .all)
      row.distillation.training.repeatThreshold = configuration.comparison.repeatThreshold
    }
    if let method = Method(rawValue: rawValue) { row.student.method = method }
    return row
  }
}
