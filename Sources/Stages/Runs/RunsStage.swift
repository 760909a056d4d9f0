import Cache
import Foundation
import Pipeline
import Student
public import Support
import Teacher

/// What is under the folder of all runs, and which of it the pipeline files as they stand have no
/// use for.
public struct RunsStage {
  private let runs: String
  private let pipelines: [PipelineConfiguration]
  private let data: String?
  private let report: Console

  private static let name = "runs"

  /// - Parameters:
  ///   - pipelines: the files of those pipelines whose folders are to be judged.
  ///   - data: the data root of these.
  /// - Throws: `InputError` for a folder that is not there, and as `PipelineFile`.
  public init(
    runs: String, pipelines: [String] = [], data: String? = nil, report: Console
  ) throws(InputError) {
    guard Files.isFolder(runs) else {
      throw InputError(
        .missingInput, "no such folder", at: runs, expected: "the folder of all runs")
    }
    self.runs = runs
    self.pipelines = try pipelines.map { path throws(InputError) in
      try PipelineFile.load(path: path)
    }
    (self.data, self.report) = (data, report)
  }

  /// All folders of outputs, by name.
  ///
  /// - Throws: `InputError` where a pipeline's data or teacher are not what they should be.
  public func list() throws -> [RunFolder] {
    var folders = [RunFolder]()
    for pipeline in names(in: runs) {
      for name in names(in: "\(runs)/\(pipeline)") {
        if name == "cache" {
          for cache in names(in: "\(runs)/\(pipeline)/cache") {
            folders.append(RunFolder("\(pipeline)/cache/\(cache)", of: name, below: runs))
          }
        } else if name == StoreTask.folder {
          for corpus in names(in: "\(runs)/\(pipeline)/\(name)") {
            let path = "\(pipeline)/\(name)/\(corpus)"
            folders += names(in: "\(runs)/\(path)").map {
              RunFolder("\(path)/\($0)", of: name, below: runs)
            }
          }
        } else if let stage = Self.stage(of: name) {
          folders.append(RunFolder("\(pipeline)/\(name)", of: stage, below: runs))
        }
      }
    }
    for configuration in pipelines { try judge(&folders, by: configuration) }
    return folders
  }

  /// Removes folders that can go; one that is at work is left and named.
  ///
  /// - Throws: `InputError` for a folder that cannot be removed.
  public func remove(_ folders: [RunFolder]) throws(InputError) {
    for folder in folders where folder.canGo {
      let path = "\(runs)/\(folder.folder)"
      do throws(InputError) {
        try remove(path, stage: folder.stage)
        report.say(Self.name, "removed \(path), \(ByteSize.text(folder.bytes))")
      } catch  where error.kind == .tryAgain {
        report.say(Self.name, "left alone: \(error)")
      }
    }
  }

  private func remove(_ path: String, stage: String) throws(InputError) {
    if stage == "cache" || stage == StoreTask.folder {
      let root = PathText.folder(of: path)
      try CacheFolder.all(in: root).first { $0.path == path }?.remove()
      return
    }
    // Whoever trains here holds this.
    let lock = try StageLock("\(path)/lock", stage: stage, folder: path)
    defer { withExtendedLifetime(lock) {} }
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      throw InputError(
        .inputOutput, "cannot remove the folder", at: path, got: error.localizedDescription)
    }
  }

  /// Folders in a folder, but for hidden ones.
  private func names(in path: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted().filter {
      !$0.hasPrefix(".") && Files.isFolder("\(path)/\($0)")
    }
  }

  /// `proposal-network` of `proposal-network-0123456789ab`; nil of a folder that is no stage's.
  static func stage(of name: String) -> String? {
    name.wholeMatch(of: /(.+)-[0-9a-f]{12}/).map { String($0.1) }
  }

  // MARK: - What is in use

  /// Says of the folders of one pipeline which it has a use for.
  private func judge(_ folders: inout [RunFolder], by configuration: PipelineConfiguration) throws {
    guard let data else { return }
    let comparison = configuration.comparison
    let rows =
      [configuration]
      + comparison.methods.flatMap { method in
        comparison.seeds(of: method).map { method.pipeline(from: configuration, seed: $0) }
      }
    var used = Set<String>()
    let whole = Chain(try Run(configuration, data: data, runs: runs), report: report)
    used.insert(try whole.propose().folder.path)
    if let network = try whole.network() { used.insert(network.folder.path) }
    for row in rows {
      let chain = whole.with(row)
      if row.student.method.distils, let cache = try chain.plannedCache() {
        used.insert(cache.folder)
      }
      if let folder = try chain.plannedDetector().folder { used.insert(folder) }
    }
    let own = folders.indices.filter { folders[$0].pipeline == configuration.name }
    for index in own {
      let folder = folders[index]
      // A student that was started from another one is nobody's default, and nobody's garbage.
      folders[index].isUsed =
        !["proposal-network", "propose", "cache", "distill"].contains(folder.stage)
        || folder.isFromStudent
        || used.contains("\(runs)/\(folder.folder)")
    }
    // What a student that can go has found goes with it.
    let gone = Set(own.filter { folders[$0].canGo }.compactMap { folders[$0].inputs })
    let detector = try whole.detector()
    let detectors = gone.union(gone.map { detector.inputs(student: $0).hash })
    for index in own where folders[index].detector.map(detectors.contains) == true {
      folders[index].isUsed = false
    }
  }
}

extension [RunFolder] {
  /// For people.
  public var lines: [String] {
    if isEmpty { return ["there are no outputs yet"] }
    let head = ["folder", "state", "figures", "size", "changed", "", "from"]
    var lines = PipelinePlan.aligned([head] + map(\.row))
    let left = filter(\.canGo)
    lines.append("")
    lines.append(
      "\(ByteSize.text(reduce(0) { $0 + $1.bytes })) in \(count.counted("folder"))"
        + (left.isEmpty
          ? ""
          : "; \(ByteSize.text(left.reduce(0) { $0 + $1.bytes })) in \(left.count) can go"))
    if allSatisfy({ $0.isUsed == nil }) {
      lines.append("with --pipeline and --data: which of them the pipeline has no use for any more")
    }
    return lines
  }
}
