import Foundation
import Support
import TestSupport
import Testing

/// A user's folder: `data`, `pipeline.yaml` and `runs`.
struct Place {
  let folder: String
  var data: String { "\(folder)/data" }
  var pipeline: String { "\(folder)/pipeline.yaml" }
  var runs: String { "\(folder)/runs" }
  /// The run's own folder.
  var run: String { "\(runs)/tiny" }

  /// Data and pipeline of the world; nothing has run yet.
  init(_ folder: String) throws {
    self.folder = folder
    try FileManager.default.copyItem(atPath: World.shared.get().data, toPath: data)
    // So old that nobody doubts their times.
    for part in ["train", "val"] {
      for name in try FileManager.default.contentsOfDirectory(atPath: "\(data)/\(part)") {
        try setTime(of: "\(data)/\(part)/\(name)", secondsAgo: 3600)
      }
    }
    try Files.write(Data(World.pipeline.utf8), to: pipeline)
  }

  /// The command line of a stage.
  func arguments(_ stage: String, _ more: [String] = []) -> [String] {
    let words = stage.split(separator: " ").map(String.init)
    return words + ["--pipeline", pipeline, "--data", data, "--runs", runs] + more
  }

  func start(_ stage: String, _ more: [String] = []) throws -> Vild {
    try Vild(arguments(stage, more))
  }

  func run(_ stage: String, _ more: String...) throws -> Outcome {
    try Vild(arguments(stage, more)).ended()
  }

  /// The outputs of `stages` from the finished run, "cache" among them, and all text embeddings; with
  /// "propose" also the network that made the proposals, with "detect" the regions it stored.
  func copyFinished(_ stages: String...) throws { try copyFinished(stages) }

  func copyFinished(_ stages: [String]) throws {
    let finished = try FinishedRun.shared.get().place
    let stages =
      stages + (stages.contains("propose") ? ["proposal-network"] : [])
      + (stages.contains("detect") ? ["store"] : [])
    try Files.createFolder(run)
    try FileManager.default.copyItem(atPath: "\(finished.runs)/.text", toPath: "\(runs)/.text")
    for name in try FileManager.default.contentsOfDirectory(atPath: finished.run)
    where stages.contains(where: { name == $0 || name.hasPrefix("\($0)-") }) {
      try FileManager.default.copyItem(atPath: "\(finished.run)/\(name)", toPath: "\(run)/\(name)")
    }
  }

  /// Replaces the first `old` of a text file.
  func replace(_ old: String, with new: String, in path: String) throws {
    var text = String(decoding: try Files.read("\(folder)/\(path)"), as: UTF8.self)
    let range = try #require(text.range(of: old), "\(path) has no \(old)")
    text.replaceSubrange(range, with: new)
    try write(text, to: path)
  }

  func write(_ text: String, to path: String) throws {
    try Files.write(Data(text.utf8), to: "\(folder)/\(path)")
  }

  /// The folder of a stage's outputs; there must be one.
  func output(_ stage: String) throws -> String {
    let names = try FileManager.default.contentsOfDirectory(atPath: run)
    let found = names.filter { $0.hasPrefix("\(stage)-") }
    #expect(found.count == 1, "\(found)")
    return "\(run)/\(try #require(found.first))"
  }

  /// The folder of the one report of the one evaluation.
  func results() throws -> String {
    let evaluation = try output("evaluate")
    let names = try FileManager.default.contentsOfDirectory(atPath: evaluation)
      .filter { Files.isFolder("\(evaluation)/\($0)") }
    #expect(names.count == 1, "\(names)")
    return "\(evaluation)/\(try #require(names.first))"
  }

  /// The folder of the one cache.
  func cache() throws -> String {
    let names = try FileManager.default.contentsOfDirectory(atPath: "\(run)/cache")
    #expect(names.count == 1, "\(names)")
    return "\(run)/cache/\(try #require(names.first))"
  }

  /// The folder of the one region store of the one corpus.
  func store() throws -> String { "\(run)/\(try storeName())" }

  /// The same below the run's folder.
  func storeName() throws -> String {
    let corpora = try FileManager.default.contentsOfDirectory(atPath: "\(run)/store")
    #expect(corpora.count == 1, "\(corpora)")
    let root = "store/\(try #require(corpora.first))"
    let names = try FileManager.default.contentsOfDirectory(atPath: "\(run)/\(root)")
    #expect(names.count == 1, "\(names)")
    return "\(root)/\(try #require(names.first))"
  }

  /// The hash that `vild cache info` prints.
  func cacheContent() throws -> String { try content(of: cache()) }

  /// The same of the one region store.
  func storeContent() throws -> String { try content(of: store()) }

  private func content(of cache: String) throws -> String {
    let outcome = try Vild.run("cache", "info", cache)
    #expect(outcome.status == 0)
    let line = outcome.output.split(separator: "\n").first { $0.contains("  content  ") }
    return String(try #require(line).suffix(64))
  }

  /// All files below the runs, by path, with the time of their last change.
  func files() -> [String: Date] {
    var found: [String: Date] = [:]
    for case let name as String in FileManager.default.enumerator(atPath: runs) ?? .init() {
      let attributes = try? FileManager.default.attributesOfItem(atPath: "\(runs)/\(name)")
      if attributes?[.type] as? FileAttributeType == .typeRegular {
        found[name] = attributes?[.modificationDate] as? Date
      }
    }
    return found
  }

  /// Files that a stage writes under a temporary name, or as the sign that it is done.
  func unfinished(_ stage: String) -> [String] {
    files().keys.filter {
      $0.hasSuffix(".part") || $0.contains("/\(stage)-") && $0.hasSuffix("/stage.json")
    }.sorted()
  }

  /// Expects one line on standard error, with this folder written as HERE and hashes as HASH.
  func expect(
    _ outcome: Outcome, status: Int32, _ line: String, location: SourceLocation = #_sourceLocation
  ) {
    let complaints = outcome.complaints.map {
      $0.replacingOccurrences(of: folder, with: "HERE")
        .replacingOccurrences(
          of: "(?<=[-/])[0-9a-f]{12}\\b", with: "HASH", options: .regularExpression)
    }
    #expect(outcome.status == status && !outcome.wasKilled, sourceLocation: location)
    #expect(complaints == ["vild: \(line)"], sourceLocation: location)
  }
}

extension Place {
  /// Expects the embeddings of the finished run.
  func expectFinishedCache() throws {
    #expect(try cacheContent() == FinishedRun.shared.get().place.cacheContent())
  }

  /// Expects the student of the finished run, byte by byte, a log without gaps or doubles, and
  /// nothing that is left over.
  func expectFinishedStudent() throws {
    let folders = try [self, FinishedRun.shared.get().place].map { try $0.output("distill") }
    let students = try folders.map { try Files.read("\($0)/student.safetensors") }
    #expect(students[0] == students[1])
    #expect(try steps(of: folders[0]) == Array(0..<8))
    let left = try FileManager.default.contentsOfDirectory(atPath: folders[0]).sorted()
    #expect(
      left == [
        "curves.svg", "lock", "log.jsonl", "pipeline.yaml", "stage-copy.json", "stage.json",
        "student.safetensors",
      ])
  }
}

/// A new place for one test, removed afterwards.
func withPlace(_ body: (Place) throws -> Void) throws {
  try withTemporaryFolder { try body(Place($0)) }
}

/// A run of all stages that nothing disturbed.
struct FinishedRun: Sendable {
  let place: Place
  /// How each stage ended, by name.
  let outcomes: [String: Outcome]

  static let stages = ["propose", "embed", "distill", "detect", "evaluate", "report"]
  static let shared = Result { try FinishedRun() }

  private init() throws {
    let folder = "\(try World.shared.get().folder)/finished"
    try Files.createFolder(folder)
    place = try Place(folder)
    var outcomes: [String: Outcome] = [:]
    for stage in Self.stages { outcomes[stage] = try Self.run(stage, in: place) }
    self.outcomes = outcomes
  }

  /// Runs a stage; `detect` labels the validation images.
  static func run(_ stage: String, in place: Place) throws -> Outcome {
    stage == "detect"
      ? try place.run(stage, "--corpus", "\(place.data)/val") : try place.run(stage)
  }
}
