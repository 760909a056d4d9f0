import Foundation
package import Support
import Tensors

/// The training's figures, one JSON object a step and line, and a picture of them.
///
/// Lines of their own have what the image loss is compared with, before the first step's, an
/// evaluation and a warning, after their step's; the last line says how much memory the process took
/// at most. After a kill the file may be ahead of the checkpoint; resuming cuts it back, so that each
/// step stands there once.
package final class TrainingLog {
  private let folder: String
  private var path: String { "\(folder)/log.jsonl" }
  private let handle: FileHandle
  private var curves = TrainingCurves()
  /// Each figure, added up over the steps.
  package private(set) var sums: [String: Double] = [:]
  /// What the image loss is compared with, where it is known.
  private(set) var baselines: ImageLossBaselines?
  private var lastEvaluation: Int?

  /// Opens the log and drops what was written from `step` on.
  ///
  /// - Throws: `InputError` when the file cannot be written.
  package init(folder: String, from step: Int) throws(InputError) {
    self.folder = folder
    let path = "\(folder)/log.jsonl"
    let lines = Files.exists(path) ? try Line.all(path: path, before: step) : []
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
    try write("{\"step\":\(step)\(figures.map { ",\(Self.member($0.0, $0.1))" }.joined())}")
    count(.figures(figures), step: step)
  }

  /// Adds the line of what the image loss is compared with.
  func append(step: Int, _ baselines: ImageLossBaselines) throws(InputError) {
    try write(step: step, Line.baselinesKey, baselines.figures)
    count(.baselines(baselines), step: step)
  }

  /// Adds the line of a warning after a step.
  func append(step: Int, warning: String) throws(InputError) {
    try write("{\"step\":\(step),\"\(Line.warningKey)\":\(warning.jsonLiteral)}")
  }

  /// Whether the line of a step's evaluation is there, none of a later step being.
  func hasEvaluation(of step: Int) -> Bool { lastEvaluation == step }

  /// Adds the line of an evaluation after a step.
  package func append(step: Int, evaluation figures: [(String, Double)]) throws(InputError) {
    try write(step: step, Line.evaluationKey, figures)
    count(.evaluation(figures), step: step)
  }

  /// Adds the last line.
  package func appendPeakMemory(step: Int) throws(InputError) {
    try write(
      "{\"step\":\(step),\"\(Line.peaks[0])\":\(ProcessUsage.now.peakBytes),"
        + "\"\(Line.peaks[1])\":\(TensorMemory.peak)}")
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
    for line in try Line.all(path: path, before: step) {
      if case .figures(let figures) = line.content { body(line.step, figures) }
    }
  }

  private func count(_ content: Line.Content, step: Int) {
    switch content {
    case .figures(let figures):
      for (name, value) in figures { sums[name, default: 0] += value }
    case .evaluation: lastEvaluation = step
    case .baselines(let known): baselines = known
    case .warning: break
    }
    curves.add(content, step: step)
  }

  private func write(
    step: Int, _ key: String, _ figures: [(String, Double)]
  ) throws(InputError) {
    let members = figures.map { Self.member($0.0, $0.1) }.joined(separator: ",")
    try write("{\"step\":\(step),\"\(key)\":{\(members)}}")
  }

  private func write(_ line: String) throws(InputError) {
    try Files.writeAll(Data("\(line)\n".utf8), to: handle.fileDescriptor, path: path)
  }

  private static func member(_ name: String, _ value: Double) -> String {
    "\(name.jsonLiteral):\(value.isFinite ? "\(value)" : "null")"
  }

  /// The curves of all figures in the log at `path`, and its warnings.
  ///
  /// - Throws: `InputError` when the file cannot be read.
  package static func read(
    path: String
  ) throws(InputError) -> (curves: TrainingCurves, warnings: [String]) {
    var curves = TrainingCurves()
    var warnings: [String] = []
    for line in try Line.all(path: path, before: .max) {
      curves.add(line.content, step: line.step)
      if case .warning(let text) = line.content { warnings.append(text) }
    }
    return (curves, warnings)
  }
}

/// A line of the log.
private struct Line {
  enum Content {
    case figures([(String, Double)])
    case evaluation([(String, Double)])
    case baselines(ImageLossBaselines)
    case warning(String)
  }

  static let (evaluationKey, baselinesKey) = ("evaluation", "image_loss_baselines")
  static let warningKey = "warning"
  /// The last line's figures, which are of the whole run.
  static let peaks = ["peak_resident_bytes", "peak_tensor_bytes"]

  let text: Data
  let step: Int
  let content: Content

  /// The lines of steps before `step`, up to the first that is damaged.
  static func all(path: String, before step: Int) throws(InputError) -> [Line] {
    var lines: [Line] = []
    for text in try Files.read(path).split(separator: UInt8(ascii: "\n")) {
      guard let line = Line(text), line.step < step else { break }
      lines.append(line)
    }
    return lines
  }

  private init?(_ text: Data) {
    guard let object = try? JSONSerialization.jsonObject(with: text) as? [String: Any],
      let step = object["step"] as? Int
    else { return nil }
    (self.text, self.step) = (text, step)
    if let warning = object[Self.warningKey] as? String {
      content = .warning(warning)
    } else if let figures = object[Self.evaluationKey] as? [String: Any] {
      content = .evaluation(Self.figures(figures))
    } else if let figures = object[Self.baselinesKey] as? [String: Double] {
      guard let baselines = ImageLossBaselines(figures: figures) else { return nil }
      content = .baselines(baselines)
    } else {
      content = .figures(Self.figures(object))
    }
  }

  private static func figures(_ object: [String: Any]) -> [(String, Double)] {
    object.compactMap { name, value in
      name == "step" || peaks.contains(name) ? nil : (value as? Double).map { (name, $0) }
    }.sorted { $0.0 < $1.0 }
  }
}

extension ImageLossBaselines {
  private static let names = ["mean_embedding", "image_mean_embedding"]

  /// As the log has them.
  fileprivate var figures: [(String, Double)] {
    Array(zip(Self.names, [meanEmbedding, imageMeanEmbedding]))
  }

  fileprivate init?(figures: [String: Double]) {
    let values = Self.names.compactMap { figures[$0] }
    guard values.count == 2 else { return nil }
    self.init(meanEmbedding: values[0], imageMeanEmbedding: values[1])
  }
}

extension TrainingCurves {
  fileprivate mutating func add(_ content: Line.Content, step: Int) {
    switch content {
    case .figures(let figures):
      for (name, value) in figures { add(name, step: step, value) }
    case .evaluation(let figures):
      for (name, value) in figures { add(name, step: step, value, isEvaluation: true) }
    case .baselines(let baselines):
      for (name, value) in baselines.figures { addBaseline(name, of: "image", value) }
    case .warning: break
    }
  }
}
