import Foundation
package import Support
import Tensors

/// The training's figures, one JSON object a step and line, and a picture of them.
///
/// Lines of their own have what the image loss is compared with, before the first step's, an
/// evaluation and a warning, after their step's; the last line says how much memory the process took
/// at most. After a kill the file may be ahead of the checkpoint; resuming cuts it back, so that each
/// step stands there once. Each line carries its checksum (`SealedJSON`).
package final class TrainingLog {
  private typealias Line = TrainingLogLine

  private let folder: String
  private var path: String { "\(folder)/log.jsonl" }
  private let handle: FileHandle
  private var curves = TrainingCurves()
  /// Each figure, added up over the steps.
  package private(set) var sums: [String: Double] = [:]
  /// What the image loss is compared with, where it is known.
  private(set) var baselines: ImageLossBaselines?
  private var lastEvaluation: (step: Int, inputs: String)?
  /// How many steps have figures in the log.
  private var steps = 0
  /// What is wrong with lines that were left out when it was opened, in words.
  package let damage: [String]

  /// Opens the log and drops what was written from `step` on, and lines that are damaged.
  ///
  /// - Throws: `InputError` when the file cannot be written.
  package init(folder: String, from step: Int) throws(InputError) {
    self.folder = folder
    let path = "\(folder)/log.jsonl"
    let (lines, damaged) = Files.exists(path) ? try Line.all(path: path, before: step) : ([], [])
    damage = damaged.map {
      "\(path) line \($0) does not have the checksum it was written with and is left out"
    }
    var kept = Data()
    for line in lines {
      kept.append(line.text)
      kept.append(UInt8(ascii: "\n"))
    }
    try Files.write(kept, to: path)
    guard let handle = FileHandle(forWritingAtPath: path) else {
      throw .system("cannot write", at: path)
    }
    handle.seekToEndOfFile()
    self.handle = handle
    for line in lines { count(line.content, step: line.step) }
  }

  deinit { try? handle.close() }

  /// Adds a step's line; figures that are not finite become null.
  package func append(step: Int, _ figures: [(String, Double)]) throws(InputError) {
    try write(step: step, figures.map { ($0.0, .number($0.1)) })
    count(.figures(figures), step: step)
  }

  /// Adds the line of what the image loss is compared with.
  func append(step: Int, _ baselines: ImageLossBaselines) throws(InputError) {
    try write(step: step, Line.baselinesKey, baselines.figures)
    count(.baselines(baselines), step: step)
  }

  /// Adds the line of a warning after a step.
  func append(step: Int, warning: String) throws(InputError) {
    try write(step: step, [(Line.warningKey, .string(warning))])
  }

  /// Whether the line of a step's evaluation is there, none of a later step being.
  ///
  /// - Parameter inputs: as `append`.
  func hasEvaluation(of step: Int, by inputs: String) -> Bool {
    lastEvaluation.map { $0 == (step, inputs) } ?? false
  }

  /// Adds the line of an evaluation after a step.
  ///
  /// - Parameter inputs: names what the figures depend on beside the weights.
  package func append(
    step: Int, evaluation figures: [(String, Double)], by inputs: String
  ) throws(InputError) {
    try write(step: step, Line.evaluationKey, figures, [(Line.inputsKey, inputs)])
    count(.evaluation(figures, by: inputs), step: step)
  }

  /// Adds the last line.
  package func appendPeakMemory(step: Int) throws(InputError) {
    try write(
      step: step,
      [
        (Line.peaks[0], .number(ProcessUsage.now.peakBytes)),
        (Line.peaks[1], .number(TensorMemory.peak)),
      ])
  }

  /// Leaves damaged lines out of the log of a training that has ended, and draws its curves again.
  ///
  /// - Returns: what is wrong with those lines, in words.
  /// - Throws: `InputError` when a file cannot be read or written.
  package static func mend(folder: String, kind: String) throws(InputError) -> [String] {
    let log = try TrainingLog(folder: folder, from: .max)
    try log.draw(title: title(kind, log.steps, of: log.steps))
    return log.damage
  }

  /// Of the curves.
  static func title(_ kind: String, _ done: Int, of steps: Int) -> String {
    "\(kind), \(done) of \(steps.counted("step"))"
  }

  /// Writes the curves of all figures so far as `curves.svg`.
  package func draw(title: String) throws(InputError) {
    try Files.write(Data(curves.svg(title: title).utf8), to: "\(folder)/curves.svg")
  }

  /// Hands over the figures of the steps before `step`, read from the file.
  func forEachStep(
    before step: Int, _ body: (Int, [(String, Double)]) -> Void
  ) throws(InputError) {
    if step == 0 { return }
    for line in try Line.all(path: path, before: step).lines {
      if case .figures(let figures) = line.content { body(line.step, figures) }
    }
  }

  private func count(_ content: Line.Content, step: Int) {
    switch content {
    case .figures(let figures):
      for (name, value) in figures { sums[name, default: 0] += value }
      if !figures.isEmpty { steps = max(steps, step + 1) }
    case .evaluation(_, let inputs): lastEvaluation = (step, inputs)
    case .baselines(let known): baselines = known
    case .warning: break
    }
    curves.add(content, step: step)
  }

  private func write(
    step: Int, _ key: String, _ figures: [(String, Double)], _ words: [(String, String)] = []
  ) throws(InputError) {
    try write(
      step: step,
      [(key, .object(figures.map { ($0.0, .number($0.1)) }))]
        + words.map { ($0.0, .string($0.1)) })
  }

  private func write(step: Int, _ members: [(String, JSONText?)]) throws(InputError) {
    let line = JSONText.object([("step", .number(step))] + members)
    try Files.writeAll(
      Data((SealedJSON.sealed(line) + "\n").utf8), to: handle.fileDescriptor, path: path)
  }

  /// The curves of all figures in the log at `path`, and its warnings.
  ///
  /// - Throws: `InputError` when the file cannot be read, or that names a damaged line.
  package static func read(
    path: String
  ) throws(InputError) -> (curves: TrainingCurves, warnings: [String]) {
    var curves = TrainingCurves()
    var warnings: [String] = []
    let (lines, damaged) = try Line.all(path: path, before: .max)
    if let number = damaged.first {
      throw InputError(
        .badData, "does not have the checksum it was written with", at: "\(path) line \(number)",
        hint: "remove the line; the same command then goes on without that step's figures")
    }
    for line in lines {
      curves.add(line.content, step: line.step)
      if case .warning(let text) = line.content { warnings.append(text) }
    }
    return (curves, warnings)
  }
}
