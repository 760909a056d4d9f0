import Foundation
import Pipeline
import Student
import Support
import Tensors
import Training

/// A student's checkpoint says by itself how to build the student and what it was taught.
struct StudentFile {
  let path: String
  let method: Method
  let configuration: StudentConfiguration
  /// The fingerprint of its teacher.
  let teacher: String
  /// The hash of all that it depends on.
  let inputs: String
  /// The base categories it was trained on, in order.
  let base: [String]
  private let width: Int
  private let checkpoint: Checkpoint

  /// - Parameter path: a finished student, a checkpoint of one in training, or the folder of either.
  /// - Throws: `InputError` for a file that is missing or damaged, or no student's.
  init(_ path: String) throws(InputError) {
    let path = try Self.file(at: path)
    let checkpoint = try Checkpoint(path: path, kind: DistillStage.kind, remedy: Self.remedy)
    guard let text = checkpoint.metadata["configuration"],
      let method = checkpoint.metadata["method"].flatMap(Method.init),
      let names = checkpoint.metadata["base_categories"],
      let base = try? JSONDecoder().decode([String].self, from: Data(names.utf8)),
      Set(base).count == base.count,
      let configuration = try? JSONDecoder().decode(
        StudentConfiguration.self, from: Data(text.utf8)),
      let width = checkpoint.metadata["embedding_width"].flatMap(Int.init), 1...65536 ~= width
    else {
      throw InputError(.badData, "the checkpoint does not describe its student", at: path)
    }
    try PipelineFile.check(configuration, of: path)
    (self.path, self.checkpoint, self.method) = (path, checkpoint, method)
    (self.configuration, self.base, self.width) = (configuration, base, width)
    teacher = checkpoint.metadata["teacher"] ?? ""
    inputs = checkpoint.metadata["inputs"] ?? ""
  }

  private static let remedy =
    "remove the file, and 'vild distill' trains the student again, or bring it from a copy"

  private static func file(at path: String) throws(InputError) -> String {
    guard Files.isFolder(path) else { return path }
    let files = ["student", "checkpoint"].map { "\(path)/\($0).safetensors" }
    guard let file = files.first(where: Files.exists) else {
      throw InputError(
        .missingInput, "there is no student in this folder", at: path,
        expected: "student.safetensors or checkpoint.safetensors")
    }
    return file
  }

  /// What it is, for people.
  var description: String {
    checkpoint.isOfTraining
      ? "\(path), after \(checkpoint.step.counted("step")) of its training" : path
  }

  /// The hash of its bytes.
  func hash() throws(InputError) -> String { try Fingerprint.file(path) }

  /// - Throws: `InputError` (`badData`) for a student of another teacher, whose embeddings mean
  ///   something else.
  func check(teacher other: String) throws(InputError) {
    guard teacher != other else { return }
    throw InputError(
      .badData, "the student was taught by another teacher", at: path,
      expected: String(other.prefix(12)), got: teacher.isEmpty ? "none" : "\(teacher.prefix(12))",
      hint: "its embeddings cannot be compared with this teacher's names")
  }

  /// - Throws: `InputError` (`badData`) for a student that was trained on other categories than the
  ///   pipeline's base ones: what is novel to the pipeline might not be to it.
  func check(base other: [String]) throws(InputError) {
    guard base != other else { return }
    let (more, fewer) = (base.filter { !other.contains($0) }, other.filter { !base.contains($0) })
    func list(_ names: [String]) -> String {
      names.prefix(3).map { "'\($0)'" }.joined(separator: ", ") + (names.count > 3 ? ", ..." : "")
    }
    let difference = [
      more.isEmpty ? nil : "also \(list(more))", fewer.isEmpty ? nil : "not \(list(fewer))",
      more.isEmpty && fewer.isEmpty ? "the same in another order" : nil,
    ].compactMap(\.self).joined(separator: ", and ")
    throw InputError(
      .badData, "the student was trained on other base categories", at: path,
      expected: "the \(other.count) of the pipeline's split", got: difference)
  }

  /// - Throws: `InputError` (`badData`) for a student of another method.
  func check(method other: Method) throws(InputError) {
    guard method != other else { return }
    throw InputError(
      .badData, "the student was trained by another method", at: path,
      expected: "student.method \(other.rawValue)", got: method.rawValue,
      hint: "write student.method \(method.rawValue) into the pipeline file to use it")
  }

  /// The student for inference.
  ///
  /// - Parameter precision: of its products; must be available.
  func student(_ precision: Precision = .float32) throws(InputError) -> Student {
    try trained().folded(precision)
  }

  /// The student as it was trained, norms not folded.
  func trained() throws(InputError) -> Student {
    let student = Student(
      backbone: try configuration.backboneNetwork(from: NewTensors(seed: 0)),
      configuration: configuration, method: method, baseCategories: base,
      embeddingWidth: width, seed: 0)
    try checkpoint.restoreResult(student.parameters)
    return student
  }

  /// Puts the weights into a student that is to be trained.
  ///
  /// - Throws: `InputError` (`badData`) that names a tensor that does not fit, and the first of the
  ///   detector's keys that differ.
  func restore(_ student: Student) throws(InputError) {
    do throws(InputError) {
      try checkpoint.restoreResult(student.parameters)
    } catch {
      var error = error
      var differences = [String]()
      if method != student.method { differences.append("student.method is \(method.rawValue)") }
      let (own, other) = (Self.values(configuration), Self.values(student.configuration))
      for (key, value) in other.sorted(by: { $0.key < $1.key }) where own[key] != value {
        differences.append("\(key) is \(own[key] ?? "not there"), the pipeline's \(value)")
      }
      if !differences.isEmpty {
        error.hint = "its " + differences.prefix(3).joined(separator: "; its ")
      }
      throw error
    }
  }

  /// The values of a detector's keys, as `pyramid.channels`.
  private static func values(_ configuration: StudentConfiguration) -> [String: String] {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    let object = (try? encoder.encode(configuration)).flatMap {
      try? JSONSerialization.jsonObject(with: $0) as? [String: [String: Any]]
    }
    var values = [String: String]()
    for (section, keys) in object ?? [:] {
      for (key, value) in keys { values["\(section).\(key)"] = "\(value)" }
    }
    return values
  }
}

extension Student {
  /// What stands in a checkpoint beside the weights.
  func metadata(
    inputs: String, teacher: String, base: [String]
  ) throws -> [String: String] {
    return [
      "inputs": inputs, "teacher": teacher, "method": method.rawValue,
      "configuration": String(decoding: try JSONDocument.line(configuration), as: UTF8.self),
      "embedding_width": String(embeddingWidth),
      "base_categories": String(decoding: try JSONDocument.line(base), as: UTF8.self),
    ]
  }
}
