import Foundation
import Networks
import Student
import Support
import Tensors

/// What it costs to compare a student's file and a checkpoint with their checksums.
extension Benchmark {
  private static let rounds = 8

  /// Makes a student of Mask R-CNN's published sizes ready from a file with checksums and one without,
  /// in turn, also to go on with its training, and reads the student's tensors alone; the files lie in
  /// the system's cache.
  ///
  /// - Returns: JSON: the student's bytes; of the student, the training and the tensors alone the median
  ///   seconds with checksums, those without, and their ratio.
  static func checksums() throws -> String {
    let tensors = try newStudent().parameters.map { (name: $0.name, value: $0.value) }
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "vild-bench-\(ProcessInfo.processInfo.processIdentifier)"
    ).path
    try Files.createFolder(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let paths = try write(tensors, in: folder)
    let bytes = Files.size(of: paths[0])!
    let student = try compare(paths) { file in
      let student = try newStudent()
      for parameter in student.parameters { parameter.value = try file.tensor(parameter.name) }
      _ = student.folded()
    }
    let alone = try compare(paths) { file in
      _ = try file.names.map { try file.tensor($0) }
    }
    let training = try compare(try write(try checkpoint(), in: folder)) { file in
      let student = try newStudent()
      for parameter in student.parameters {
        parameter.value = try file.tensor("model.\(parameter.name)")
      }
      let trained = student.parameters.filter(\.isTrained)
      try SGD(trained).restore(
        trained.map { ($0.name, try file.tensor("optimizer.\($0.name)")) })
    }
    return "{\"bytes\": \(bytes), \"student\": \(student), \"training\": \(training), "
      + "\"tensors\": \(alone)}"
  }

  /// A file with checksums, and one without.
  private static func write(
    _ tensors: [(name: String, value: Tensor)], in folder: String
  ) throws -> [String] {
    try [true, false].map { hasChecksums in
      let path = "\(folder)/\(hasChecksums ? "with" : "without").safetensors"
      try Files.write(SafeTensorsFile.encode(tensors, hasChecksums: hasChecksums), to: path)
      return path
    }
  }

  /// The tensors of a checkpoint: weights and velocities.
  private static func checkpoint() throws -> [(name: String, value: Tensor)] {
    let parameters = try newStudent().parameters
    return parameters.map { ("model.\($0.name)", $0.value) }
      + parameters.filter(\.isTrained).map { ("optimizer.\($0.name)", $0.value) }
  }

  private static func newStudent() throws -> Student {
    let sizes = maskRCNN()
    return Student(
      backbone: try sizes.backboneNetwork(from: NewTensors(seed: 1)), configuration: sizes,
      method: .vild, baseCategories: numbers(90), embeddingWidth: 512, seed: 1)
  }

  /// JSON of the median seconds that `read` takes with the first and with the second file.
  private static func compare(
    _ paths: [String], _ read: (SafeTensorsFile) throws -> Void
  ) throws -> String {
    var seconds: [[Double]] = [[], []]
    // The first round warms up.
    for round in 0...rounds {
      // Who comes second finds the memory ready: they take turns.
      for number in round % 2 == 0 ? [0, 1] : [1, 0] {
        let path = paths[number]
        let start = ProcessInfo.processInfo.systemUptime
        try read(SafeTensorsFile(path: path))
        if round > 0 { seconds[number].append(ProcessInfo.processInfo.systemUptime - start) }
      }
    }
    let (with, without) = (seconds[0].sorted()[rounds / 2], seconds[1].sorted()[rounds / 2])
    return "{\"with\": \(with), \"without\": \(without), \"ratio\": \(with / without)}"
  }
}
