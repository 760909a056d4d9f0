import Cache
import Distillation
import Evaluation
import Foundation
import Labelling
import Support

/// A folder of outputs: one of a stage, or a cache. `schemas/runs.schema.json` describes its JSON.
public struct RunFolder: Codable, Hashable, Sendable {
  /// Below the folder of all runs.
  let folder: String
  /// The pipeline's name.
  let pipeline: String
  /// The pipeline file that it was last written for; nil where that is not known.
  let source: String?
  /// `cache`, or the stage's name.
  let stage: String
  let isFinished: Bool
  /// Its main figures by name: precision and recall in 0...1, the last step and its loss, counts.
  let figures: [String: Double]
  let bytes: Int
  /// When a file of it last changed, in ISO 8601.
  let changed: String
  /// Whether the pipeline as its file stands has a use for it; nil where no file of its pipeline was
  /// given.
  var isUsed: Bool?
  /// Of an evaluation or detections: the hash that identifies the student; nil where there is none.
  let detector: String?
  /// The hash of what the outputs were made of; nil of a stage that has not finished.
  let inputs: String?
  /// Whether training started from another student's weights.
  let isFromStudent: Bool

  /// - Parameters:
  ///   - folder: `<pipeline>/<stage>-<hash>`, `<pipeline>/cache/<hash>` or
  ///     `<pipeline>/store/<corpus>/<hash>`, below `runs`.
  ///   - stage: its name.
  init(_ folder: String, of stage: String, below runs: String) {
    let path = "\(runs)/\(folder)"
    (self.folder, self.stage) = (folder, stage)
    pipeline = String(folder.prefix { $0 != "/" })
    let inputs = StageFolder(finishedAt: path)?.inputs
    let store =
      stage == StoreTask.folder
      ? try? StoreRecipe(CacheFolder(path).recipe, at: path) : nil
    detector = store?.detector ?? inputs?.values["detector.student"]
    self.inputs = inputs?.hash
    let notes = Self.notes(path)
    source = notes.first { $0.hasPrefix(StageFolder.sourceMark) }.map {
      String($0.dropFirst(StageFolder.sourceMark.count))
    }
    isFromStudent = notes.contains { $0 == StageFolder.fromMark }
    var figures = [String: Double]()
    switch stage {
    case "cache", StoreTask.folder:
      let cache = (try? CacheFolder.all(in: PathText.folder(of: path)))?
        .first { $0.path == path }
      let known = cache.flatMap { try? RegionCache.statistics($0) }
      figures["images"] = known.map { Double($0.imagesByStatus.values.reduce(0, +)) }
      figures["regions"] = known.map { Double($0.regions) }
      isFinished = known.map { $0.imagesByStatus.values.reduce(0, +) == $0.images } ?? false
    case "evaluate":
      isFinished = inputs != nil
      let last = EvaluateStage.lastReport(in: path)
      for group in last?.boxes.groups ?? [] where group.evaluated > 0 {
        if ["base", "novel", "all"].contains(group.name) {
          figures["AP50 \(group.name)"] = group.ap50
        }
      }
    default:
      isFinished = inputs != nil
      figures = Self.trainingFigures(path)
    }
    self.figures = figures
    (bytes, changed) = Self.size(of: path)
  }

  /// The last step of a log and its loss.
  private static func trainingFigures(_ path: String) -> [String: Double] {
    guard let log = try? Files.read("\(path)/log.jsonl") else { return [:] }
    for line in log.split(separator: UInt8(ascii: "\n")).reversed() {
      guard let content = try? SealedJSON.opened(line, at: path) else { continue }
      let object = try? JSONSerialization.jsonObject(with: content) as? [String: Any]
      if let step = object?["step"] as? Double, let loss = object?["loss"] as? Double {
        return ["steps": step + 1, "loss": loss]
      }
    }
    return [:]
  }

  /// What `StageFolder.begin` wrote above the resolved pipeline.
  private static func notes(_ path: String) -> [Substring] {
    let text = try? String(contentsOfFile: "\(path)/pipeline.yaml", encoding: .utf8)
    return text?.split(separator: "\n").prefix { $0.hasPrefix("#") } ?? []
  }

  private static func size(of path: String) -> (bytes: Int, changed: String) {
    var (bytes, last) = (0, Date(timeIntervalSince1970: 0))
    for case let name as String in FileManager.default.enumerator(atPath: path) ?? .init() {
      guard let file = try? FileManager.default.attributesOfItem(atPath: "\(path)/\(name)"),
        file[.type] as? FileAttributeType == .typeRegular
      else { continue }
      bytes += file[.size] as? Int ?? 0
      last = max(last, file[.modificationDate] as? Date ?? last)
    }
    return (bytes, last.formatted(.iso8601))
  }

  /// Nothing needs it: other choices took its place.
  public var canGo: Bool { isUsed == false }

  /// A row of the table.
  var row: [String] {
    let figures = figures.sorted { $0.key < $1.key }.map { name, value in
      name.hasPrefix("AP")
        ? "\(name) \(String(format: "%.1f", 100 * value))"
        : "\(name) \(value == value.rounded() ? "\(Int(value))" : String(format: "%.3g", value))"
    }
    return [
      folder, isFinished ? "finished" : "unfinished", figures.joined(separator: ", "),
      ByteSize.text(bytes), changed, isUsed.map { $0 ? "in use" : "can go" } ?? "",
      source ?? "",
    ]
  }
}
