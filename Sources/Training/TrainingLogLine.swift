import Foundation
import Support

/// A line of the log.
struct TrainingLogLine {
  enum Content {
    case figures([(String, Double)])
    case evaluation([(String, Double)], by: String)
    case baselines(ImageLossBaselines)
    case warning(String)
  }

  static let (evaluationKey, baselinesKey) = ("evaluation", "image_loss_baselines")
  static let warningKey = "warning"
  /// Beside an evaluation's figures: what they depend on.
  static let inputsKey = "inputs"
  /// The last line's figures, which are of the whole run.
  static let peaks = ["peak_resident_bytes", "peak_tensor_bytes"]

  /// As it stands in the file, without its end.
  let text: Data
  let step: Int
  let content: Content

  /// The lines of steps before `step`, and the numbers of damaged ones among them; a last line without
  /// an end is what a kill left.
  static func all(
    path: String, before step: Int
  ) throws(InputError) -> (lines: [TrainingLogLine], damaged: [Int]) {
    var (lines, damaged) = ([TrainingLogLine](), [Int]())
    let texts = try Files.read(path)
      .split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, text) in texts.dropLast().enumerated() {
      guard let content = try? SealedJSON.opened(text, at: path),
        let line = TrainingLogLine(text, content)
      else {
        damaged.append(index + 1)
        continue
      }
      guard line.step < step else { break }
      lines.append(line)
    }
    return (lines, damaged)
  }

  /// - Parameter opened: the text without its checksum.
  private init?(_ text: Data, _ opened: Data) {
    guard let object = try? JSONSerialization.jsonObject(with: opened) as? [String: Any],
      let step = object["step"] as? Int
    else { return nil }
    (self.text, self.step) = (text, step)
    if let warning = object[Self.warningKey] as? String {
      content = .warning(warning)
    } else if let figures = object[Self.evaluationKey] as? [String: Any] {
      content = .evaluation(
        Self.figures(figures), by: object[Self.inputsKey] as? String ?? "")
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
  var figures: [(String, Double)] {
    Array(zip(Self.names, [meanEmbedding, imageMeanEmbedding]))
  }

  fileprivate init?(figures: [String: Double]) {
    let values = Self.names.compactMap { figures[$0] }
    guard values.count == 2 else { return nil }
    self.init(meanEmbedding: values[0], imageMeanEmbedding: values[1])
  }
}

extension TrainingCurves {
  mutating func add(_ content: TrainingLogLine.Content, step: Int) {
    switch content {
    case .figures(let figures):
      for (name, value) in figures { add(name, step: step, value) }
    case .evaluation(let figures, let inputs):
      beginEvaluation(by: inputs)
      for (name, value) in figures { add(name, step: step, value, isEvaluation: true) }
    case .baselines(let baselines):
      for (name, value) in baselines.figures { addBaseline(name, of: "image", value) }
    case .warning: break
    }
  }
}
