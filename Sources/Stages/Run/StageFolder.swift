package import Foundation
package import Pipeline
package import Support

#if canImport(Glibc)
  import Glibc
#endif

/// The outputs of a finished or unfinished stage. A `StageRecord` is written last: where it is and the
/// outputs are what it says, nothing has to be done.
package struct StageFolder {
  package let path: String
  let stage: String
  let inputs: StageInputs
  /// The pipeline file, where it is known.
  private let source: String?

  /// Begins the first line of the resolved file, before the pipeline file's path.
  static let sourceMark = "# Written for "
  /// A line of it where training started from another student's weights.
  static let fromMark = "# Started from the weights of another student."
  /// The resolved file.
  static let pipeline = "pipeline.yaml"

  init(_ run: Run, stage: String, inputs: StageInputs) {
    self.init(run.folder(stage, inputs), stage: stage, inputs: inputs, source: run.source)
  }

  package init(
    _ path: String, stage: String, inputs: StageInputs, source: String? = nil
  ) {
    (self.path, self.stage, self.inputs, self.source) = (path, stage, inputs, source)
  }

  /// The stage that has finished in a folder, whatever its outputs were made of; nil where none has.
  init?(finishedAt path: String) {
    guard let record = StageRecord.all(in: path).compactMap(\.self).first,
      record.damage(in: path, .quick).isEmpty
    else { return nil }
    self.init(path, stage: record.stage, inputs: record.inputs)
  }

  /// The path of one of the outputs.
  package func file(_ name: String) -> String { "\(path)/\(name)" }

  // MARK: - Whether it is done

  /// What was recorded of this stage and these inputs; nil where nothing was, or both records are
  /// damaged.
  var record: StageRecord? { fitting(StageRecord.all(in: path)) }

  private func fitting(_ records: [StageRecord?]) -> StageRecord? {
    records.compactMap(\.self).first { $0.stage == stage && $0.inputs == inputs }
  }

  /// Whether all outputs are there, as they were when the stage finished, as far as a quick look tells.
  package var isFinished: Bool { record?.damage(in: path, .quick).isEmpty ?? false }

  /// The same, and nothing of the record is lost.
  package var isUpToDate: Bool {
    let records = StageRecord.all(in: path)
    guard let record = fitting(records), records.allSatisfy({ $0 == record }) else { return false }
    return record.damage(in: path, .quick).isEmpty
  }

  /// Whether the stage is done, to be asked with the folder's lock: says what is wrong where something
  /// is, and writes a record again that was lost or damaged, if the outputs are whole.
  package func isDone(_ report: Console) throws(InputError) -> Bool {
    let records = StageRecord.all(in: path)
    guard let record = fitting(records) else {
      let known = file(StageRecord.names[0])
      if records.allSatisfy({ $0 == nil }), Files.exists(known) {
        report.say(stage, "\(known) is damaged, or of an earlier version; the stage is done again")
      }
      return false
    }
    let isWhole = records.allSatisfy { $0 == record }
    if var error = record.damage(in: path, isWhole ? .quick : .full).first?.error {
      error.hint = "it is made again"
      report.say(stage, "\(error)")
      return false
    }
    if !isWhole {
      try record.write(to: path)
      report.say(
        stage,
        "\(file(StageRecord.names[0])) or its copy was lost or damaged; all outputs are as it had "
          + "them, and it is written again")
    }
    return true
  }

  // MARK: - Doing it

  /// Cleans up after runs that were killed, and writes the resolved pipeline file.
  package func begin(_ configuration: PipelineConfiguration) throws(InputError) {
    try Files.createFolder(path)
    Part.removeAbandoned(in: path)
    let notes = [
      source.map { Self.sourceMark + $0 }, inputs.values["from"] == nil ? nil : Self.fromMark,
    ]
    let text = notes.compactMap { $0.map { "\($0)\n" } }.joined()
    try Files.write(
      Data((text + PipelineFile.resolved(configuration)).utf8), to: file(Self.pipeline))
  }

  /// Forgets that the stage is done; to be called before its outputs change.
  package func reopen() throws(InputError) {
    for name in StageRecord.names.reversed() {
      guard PathText.withSystemPath(file(name), { unlink($0) }) == 0 || errno == ENOENT else {
        throw .system("cannot remove", at: file(name))
      }
    }
  }

  /// Records that the stage is done, and what its outputs are.
  ///
  /// - Throws: `InputError` for an output that is missing.
  package func finish(outputs: [String]) throws(InputError) {
    var record = StageRecord(stage: stage, inputs: inputs)
    for name in outputs + [Self.pipeline] { try record.add(name, in: path) }
    try record.write(to: path)
  }

  /// Records more outputs of a finished stage, or others under the same names.
  package func add(outputs: [String]) throws(InputError) {
    guard var record else { preconditionFailure("the stage is finished") }
    for name in outputs { try record.add(name, in: path) }
    try record.write(to: path)
  }

  // MARK: - Reading it

  /// The content of an output, as it was when the stage finished, whatever its time is.
  ///
  /// - Throws: `InputError` where it is missing, was not recorded, or is another now.
  package func read(_ name: String) throws(InputError) -> Data {
    let data = try Files.read(file(name))
    try compare(name, Checksum(data))
    return data
  }

  /// The same for an output that something else reads.
  package func check(_ name: String) throws(InputError) {
    try compare(name, Checksum(file: file(name)))
  }

  private func compare(_ name: String, _ found: Checksum) throws(InputError) {
    guard let record, let output = record.outputs[name] else {
      throw InputError(.missingInput, "nothing is recorded of this file", at: file(name))
    }
    guard "\(found)" == output.xxh3 else {
      throw .damaged(at: file(name), expected: output.xxh3, got: "\(found)", hint: record.hint)
    }
  }
}
