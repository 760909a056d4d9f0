import Labelling
import Pipeline
import Tensors

extension StudentDetector {
  /// What it finds depends on.
  ///
  /// - Parameters:
  ///   - student: its hash, or that of what it depends on.
  ///   - precision: of its products.
  static func inputs(
    student: String, _ choices: DetectionConfiguration, precision: Precision
  ) -> StageInputs {
    var inputs = StageInputs()
    inputs.add("student", hash: student)
    inputs.add("long side", choices.longSide)
    inputs.add("proposals", choices.proposals)
    if precision != .float32 { inputs.add("precision", precision) }
    return inputs
  }
}

extension TeacherDetector {
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
}

extension TextAndTeacherDetector {
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
}
