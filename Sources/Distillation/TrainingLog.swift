import Foundation
package import Support
import Tensors

#if canImport(Glibc)
  import Glibc
#endif

/// The training's figures, one JSON object a step and line, and a picture of them.
///
/// An evaluation has a line of its own after its step's, and the last line says how much memory
/// the process took at most. After a kill the file may be ahead of the checkpoint; resuming cuts it
/// back, so that each step stands there once.
package final class TrainingLog {
  private let folder: String
  private var path: String { "\(folder)/log.jsonl" }
  private let handle: FileHandle
  private var curves = TrainingCurves()
  /// Each figure, added up over the steps.
  package private(set) var sums: [String: Double] = [:]
  private var lastEvaluation: Int?

  /// Opens the log and drops what was written from `step` on.
  ///
  /// - Throws: `InputError` when the file cannot be written.
  package init(folder: String, from step: Int) throws(InputError) {
    self.folder = folder
    let path = "\(folder)/log.jsonl"
    let lines = Files.exists(path) ? try Self.lines(of: path, before: step) : []
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
    for line in lines { count(line.figures, step: line.step, areEvaluation: line.isEvaluation) }
  }

  deinit { try? handle.close() }

  /// Adds a step's line; figures that are not finite become null.
  package func append(step: Int, _ figures: [(String, Double)]) throws(InputError) {
    try write("{\"step\":\(step)\(figures.map { ",\(Self.member($0.0, $0.1))" }.joined())}")
    count(figures, step: step, areEvaluation: false)
  }

  /// Whether the line of a step's evaluation is there, none of a later step being.
  func hasEvaluation(of step: Int) -> Bool { lastEvaluation == step }

  /// Adds the line of an evaluation after a step.
  package func append(step: Int, evaluation figures: [(String, Double)]) throws(InputError) {
    let members = figures.map { Self.member($0.0, $0.1) }.joined(separator: ",")
    try write("{\"step\":\(step),\"evaluation\":{\(members)}}")
    count(figures, step: step, areEvaluation: true)
  }

  /// Adds the last line.
  package func appendPeakMemory(step: Int) throws(InputError) {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    try write(
      "{\"step\":\(step),\"\(Self.peaks[0])\":\(usage.ru_maxrss * 1024),"
        + "\"\(Self.peaks[1])\":\(TensorMemory.peak)}")
  }

  /// Writes the curves of all figures so far as `curves.svg`.
  package func draw(title: String) throws(InputError) {
    try Files.write(Data(curves.svg(title: title).utf8), to: "\(folder)/curves.svg")
  }

  private func count(_ figures: [(String, Double)], step: Int, areEvaluation: Bool) {
    if areEvaluation { lastEvaluation = step }
    for (name, value) in figures {
      curves.add(name, step: step, value, isEvaluation: areEvaluation)
      if !areEvaluation { sums[name, default: 0] += value }
    }
  }

  private func write(_ line: String) throws(InputError) {
    try Files.writeAll(Data("\(line)\n".utf8), to: handle.fileDescriptor, path: path)
  }

  private static func member(_ name: String, _ value: Double) -> String {
    "\(name.jsonLiteral):\(value.isFinite ? "\(value)" : "null")"
  }

  /// The curves of all figures in the log at `path`.
  ///
  /// - Throws: `InputError` when the file cannot be read.
  package static func curves(path: String) throws(InputError) -> TrainingCurves {
    var curves = TrainingCurves()
    for line in try lines(of: path, before: .max) {
      for (name, value) in line.figures where !peaks.contains(name) {
        curves.add(name, step: line.step, value, isEvaluation: line.isEvaluation)
      }
    }
    return curves
  }

  private static let peaks = ["peak_resident_bytes", "peak_tensor_bytes"]

  private struct Line {
    let text: Data
    let step: Int
    let isEvaluation: Bool
    let figures: [(String, Double)]
  }

  private static func lines(of path: String, before step: Int) throws(InputError) -> [Line] {
    var kept: [Line] = []
    for text in try Files.read(path).split(separator: UInt8(ascii: "\n")) {
      guard let object = try? JSONSerialization.jsonObject(with: text) as? [String: Any],
        let number = object["step"] as? Int, number < step
      else { break }
      let evaluation = object["evaluation"] as? [String: Any]
      let figures = (evaluation ?? object).compactMap { name, value in
        name == "step" ? nil : (value as? Double).map { (name, $0) }
      }
      kept.append(
        Line(
          text: text, step: number, isEvaluation: evaluation != nil,
          figures: figures.sorted { $0.0 < $1.0 }))
    }
    return kept
  }
}
