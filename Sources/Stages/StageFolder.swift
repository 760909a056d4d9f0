import Foundation
import Support

#if canImport(Glibc)
  import Glibc
#endif

/// The outputs of a finished or unfinished stage. A record of the inputs and of each output's size
/// is written last: where it is and fits, nothing has to be done.
struct StageFolder {
  let path: String
  let stage: String
  let inputs: StageInputs
  /// The pipeline file, where it is known.
  private let source: String?

  /// Begins the first line of the resolved file, before the pipeline file's path.
  static let sourceMark = "# Written for "
  /// A line of it where training started from another student's weights.
  static let fromMark = "# Started from the weights of another student."

  private struct Record: Codable {
    var stage: String
    var inputs: StageInputs
    /// Bytes of each output, by file name.
    var outputs: [String: Int]
  }

  init(_ run: Run, stage: String, inputs: StageInputs) {
    self.init(run.folder(stage, inputs), stage: stage, inputs: inputs, source: run.source)
  }

  init(_ path: String, stage: String, inputs: StageInputs, source: String? = nil) {
    (self.path, self.stage, self.inputs, self.source) = (path, stage, inputs, source)
  }

  /// What the outputs in a folder were made of; nil where no stage has finished there.
  static func finishedInputs(at path: String) -> StageInputs? {
    guard let data = try? Files.read("\(path)/stage.json"),
      let record = try? JSONDecoder().decode(Record.self, from: data),
      record.outputs.allSatisfy({ size(of: "\(path)/\($0.key)") == $0.value })
    else { return nil }
    return record.inputs
  }

  /// The path of one of the outputs.
  func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Whether all outputs are there, as they were when the stage finished.
  var isFinished: Bool {
    guard let data = try? Files.read(file("stage.json")),
      let record = try? JSONDecoder().decode(Record.self, from: data)
    else { return false }
    return record.stage == stage && record.inputs == inputs
      && record.outputs.allSatisfy { Self.size(of: file($0.key)) == $0.value }
  }

  /// Makes the folder, cleans up after runs that were killed, and writes the resolved pipeline file.
  func begin(_ configuration: PipelineConfiguration) throws(InputError) {
    try Files.createFolder(path)
    removeAbandonedParts()
    let notes = [
      source.map { Self.sourceMark + $0 }, inputs.values["from"] == nil ? nil : Self.fromMark,
    ]
    let text = notes.compactMap { $0.map { "\($0)\n" } }.joined()
    try Files.write(
      Data((text + PipelineFile.resolved(configuration)).utf8), to: file("pipeline.yaml"))
  }

  /// Removes files called `<name>.<process>.part` whose process is gone.
  private func removeAbandonedParts() {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] {
      let words = name.split(separator: ".").suffix(2)
      guard words.last == "part", let process = words.first.flatMap({ Int32($0) }) else { continue }
      if kill(process, 0) != 0 && errno == ESRCH { unlink(file(name)) }
    }
  }

  /// Forgets that the stage is done; to be called before its outputs change.
  func reopen() throws(InputError) {
    guard unlink(file("stage.json")) == 0 || errno == ENOENT else {
      throw .system("cannot remove", at: file("stage.json"))
    }
  }

  /// Records that the stage is done.
  func finish(outputs: [String]) throws(InputError) {
    var sizes = [String: Int]()
    for name in outputs { sizes[name] = Self.size(of: file(name)) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let record = Record(stage: stage, inputs: inputs, outputs: sizes)
    do {
      try Files.write(encoder.encode(record), to: file("stage.json"))
    } catch let error as InputError {
      throw error
    } catch {
      preconditionFailure("a record of strings and numbers has a JSON form: \(error)")
    }
  }

  private static func size(of path: String) -> Int? {
    (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int
  }
}
