import Cache
import Foundation
public import Support

/// Compares what runs left with what was written: the folders of their stages, their caches, and the
/// names' embeddings that all runs share.
public struct VerifyStage {
  /// What was found in one of the folders given.
  public struct Result: Sendable {
    public let folder: String
    /// What is not what was written: what, where, what to do.
    public fileprivate(set) var problems: [InputError] = []
    /// What cannot be judged: unfinished stages, files that nobody recorded.
    public fileprivate(set) var notes: [String] = []

    /// For people.
    public var lines: [String] {
      notes + problems.map { "\($0)" } + (problems.isEmpty ? ["\(folder): sound"] : [])
    }
  }

  private let folders: [String]
  private let depth: StageRecord.Depth

  /// - Parameters:
  ///   - folders: of runs, of all runs, of single stages or caches.
  ///   - isFull: whether every file is read to its end; otherwise one that has its size and time is
  ///     taken for whole.
  /// - Throws: `InputError` (`missingInput`) for a folder that is not there.
  public init(_ folders: [String], isFull: Bool) throws(InputError) {
    self.folders = folders.map { $0.count > 1 && $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
    depth = isFull ? .full : .quick
    if let missing = folders.first(where: { !Files.isFolder($0) }) {
      throw InputError(
        .missingInput, "no such folder", at: missing, expected: "the folder of a run")
    }
  }

  /// One result a folder given, in their order.
  public func verify() -> [Result] {
    var seen = Set<String>()
    return folders.map { folder in
      var result = Result(folder: folder)
      look(at: folder, into: &result)
      // Of a run, that is in the folder that it is in.
      let isRun = Self.folders(in: folder).contains(where: Self.isOutput)
      let parent = PathText.folder(of: folder)
      let root = !isRun ? folder : parent.isEmpty ? "." : parent
      if seen.insert(root).inserted { lookAtShared(root, into: &result) }
      return result
    }
  }

  /// The refusal (`badData`, exit code 65) of folders that are not sound; nil where all are.
  public static func refusal(of results: [Result]) -> InputError? {
    let count = results.reduce(0) { $0 + $1.problems.count }
    if count == 0 { return nil }
    return InputError(
      .badData, "\(count) of the outputs are not what was written",
      hint: "each line above says what makes it again")
  }

  // MARK: - Folders

  private func look(at path: String, into result: inout Result) {
    if Self.isStage(path) {
      StageVerification(path, depth).run(into: &result.problems, notes: &result.notes)
    } else if Self.isCache(path) {
      lookAtCaches(path, into: &result)
    } else {
      for folder in Self.folders(in: path) {
        if Self.isOutput(folder) || Self.folders(in: folder).contains(where: Self.isOutput) {
          look(at: folder, into: &result)
        } else {
          result.notes.append("\(folder): not a stage's; not looked at")
        }
      }
    }
  }

  private static func isStage(_ path: String) -> Bool {
    RunsStage.stage(of: PathText.name(of: path)) != nil
  }

  private static func isCache(_ path: String) -> Bool {
    ["cache", StoreTask.folder].contains(PathText.name(of: path))
      || Files.exists("\(path)/recipe.json")
  }

  private static func isOutput(_ path: String) -> Bool { isStage(path) || isCache(path) }

  /// But for hidden ones, by name.
  static func folders(in path: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
      .filter { !$0.hasPrefix(".") }.map { "\(path)/\($0)" }.filter(Files.isFolder)
  }

  private func lookAtCaches(_ path: String, into result: inout Result) {
    do throws(InputError) {
      for found in try CacheStage(folder: path).verify(quickly: depth == .quick) {
        result.problems += found.problems.map {
          InputError(
            .badData, "\($0)", at: found.cache,
            hint: "'vild cache repair' puts right what it can; then embed again")
        }
      }
    } catch {
      if error.kind == .missingInput {
        result.notes.append("\(path): no cache yet")
      } else {
        result.problems.append(error)
      }
    }
  }

  /// What all runs below `root` have in common.
  private func lookAtShared(_ root: String, into result: inout Result) {
    let images = "\(root)/.images.json"
    if Files.exists(images), SealedJSON.read(images) == nil {
      result.problems.append(
        .unsealed(images, hint: "remove it; the image files are then read once more"))
    }
    let receipts = (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/.receipts")) ?? []
    for name in receipts.sorted() where name.hasSuffix(".json") {
      if SealedJSON.read("\(root)/.receipts/\(name)") == nil {
        result.problems.append(
          .unsealed(
            "\(root)/.receipts/\(name)", hint: "remove it; the command then reads everything once"))
      }
    }
    guard depth == .full else { return }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/.text")) ?? []
    for name in names.sorted() where name.hasSuffix(".safetensors") {
      if let error = StageVerification.damage(
        ofTensors: "\(root)/.text/\(name)", hint: "remove it; the names are then embedded again")
      {
        result.problems.append(error)
      }
    }
  }
}

extension InputError {
  /// A sealed file whose checksum is wrong or gone.
  static func unsealed(_ path: String, hint: String) -> InputError {
    InputError(.badData, "does not have the checksum it was written with", at: path, hint: hint)
  }
}
