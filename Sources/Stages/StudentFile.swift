import Distillation
import Foundation
import Student
import Support
import Tensors

/// A student's checkpoint says by itself how to build the student and what it was taught.
extension Student {
  /// What stands in a checkpoint beside the weights.
  func metadata(
    inputs: String, teacher: String, base: [String]
  ) throws -> [String: String] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return [
      "inputs": inputs, "teacher": teacher, "method": method.rawValue,
      "configuration": String(decoding: try encoder.encode(configuration), as: UTF8.self),
      "embedding_width": String(embeddingWidth),
      "base_categories": String(decoding: try encoder.encode(base), as: UTF8.self),
    ]
  }

  /// Loads a trained student for inference.
  ///
  /// - Parameter teacher: the fingerprint that the student's teacher must have.
  /// - Throws: `InputError` for a damaged file, or a student of another teacher.
  static func load(_ path: String, teacher: String) throws(InputError) -> Student {
    let checkpoint = try Checkpoint(path: path, kind: "student")
    guard checkpoint.metadata["teacher"] == teacher else {
      throw InputError(
        .badData, "the student was taught by another teacher", at: path,
        expected: String(teacher.prefix(12)),
        got: String((checkpoint.metadata["teacher"] ?? "none").prefix(12)),
        hint: "its embeddings cannot be compared with this teacher's names")
    }
    guard let text = checkpoint.metadata["configuration"],
      let method = checkpoint.metadata["method"].flatMap(Method.init),
      let names = checkpoint.metadata["base_categories"],
      let base = try? JSONDecoder().decode([String].self, from: Data(names.utf8)),
      let configuration = try? JSONDecoder().decode(
        StudentConfiguration.self, from: Data(text.utf8)),
      let width = checkpoint.metadata["embedding_width"].flatMap(Int.init), width > 0
    else {
      throw InputError(.badData, "the checkpoint does not describe its student", at: path)
    }
    let student = Student(
      backbone: try configuration.backboneNetwork(from: NewTensors(seed: 0)),
      configuration: configuration, method: method, baseCategories: base.count,
      embeddingWidth: width, seed: 0)
    try checkpoint.restore(student.parameters)
    return student.folded()
  }
}
