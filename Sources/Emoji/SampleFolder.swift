import Datasets
import Foundation
public import Support

/// A data set of scenes in a folder: images and LVIS's JSON.
///
/// Images are made in pieces of a hundred, in order; a piece's entries are published after its
/// images. So a run that was broken off at any moment goes on with the first missing piece, and what
/// is in memory does not grow with the number of images.
public struct SampleFolder: Sendable {
  /// The images of one half in one style.
  struct Part: Sendable {
    let half: SamplePlan.Half
    let style: SceneStyle

    /// The folder of the images: "train", "val", "val-grey".
    var name: String { style == .plain ? half.rawValue : "\(half.rawValue)-\(style.rawValue)" }
  }

  /// What is written last, and read first.
  private struct Record: Codable {
    var parameters: SampleParameters
    /// Names of the parts that are complete, with the bytes of their JSON file.
    var complete: [String: Int]
  }

  let path: String
  let plan: SamplePlan
  let text: SampleText
  let renderer: SceneRenderer
  private let parts: [Part]

  /// - Parameters:
  ///   - styles: in which the validation images are made, besides plainly.
  /// - Throws: `InputError` (`usage`) for more categories than there are.
  public init(
    _ path: String, parameters: SampleParameters, styles: [SceneStyle], catalogue: EmojiCatalogue
  ) throws(InputError) {
    let most = catalogue.categories.count
    if let count = parameters.categories, count > most {
      throw InputError(
        .usage, "so many categories are not in the catalogue", expected: "at most \(most)",
        got: "\(count)")
    }
    self.path = path
    plan = SamplePlan(parameters, catalogue: catalogue)
    text = SampleText(plan: plan, catalogue: catalogue)
    renderer = SceneRenderer(catalogue, size: parameters.size)
    parts =
      [Part(half: .train, style: .plain), Part(half: .val, style: .plain)]
      + SceneStyle.allCases.filter { $0 != .plain && styles.contains($0) }
      .map { Part(half: .val, style: $0) }
  }

  /// How many categories are rare, common and frequent.
  public var groups: (rare: Int, common: Int, frequent: Int) {
    let all = plan.categories.indices.map(text.frequency)
    func count(_ one: String) -> Int { all.count { $0.rawValue == one } }
    return (count("r"), count("c"), count("f"))
  }

  /// Whether all images and files are there, as far as the record and the files' sizes tell.
  ///
  /// - Throws: as `write`.
  public func isComplete() throws(InputError) -> Bool {
    let record = try record()
    return parts.allSatisfy { isComplete($0, in: record) }
      && Files.exists("\(path)/split.json")
  }

  /// Makes what is missing.
  ///
  /// - Parameter console: where progress is shown.
  /// - Throws: `Stopped` after a signal; `InputError`: `usage` for a folder that holds something else, or
  ///   scenes of other parameters; `tryAgain` for a full disk; `cannotCreate`, `inputOutput`.
  public func write(on console: Console) throws {
    var record = try record()
    try Files.createFolder(path)
    try save(record)
    try Files.write(Data(text.split.utf8), to: "\(path)/split.json")
    let missing = parts.filter { !isComplete($0, in: record) }
    let done = missing.reduce(0) { $0 + imagesMade($1) }
    let progress = StageProgress(
      stage: "sample", unit: "images", total: missing.reduce(0) { $0 + plan.count($1.half) },
      done: done, on: console)
    for part in missing {
      try makeImages(of: part, progress)
      if part.style == .plain { try writeJSON(of: part) }
      record.complete[part.name] = Self.size(of: file(part)) ?? 0
      try save(record)
      removePieces(of: part)
    }
    progress.finish()
  }

  private func isComplete(_ part: Part, in record: Record) -> Bool {
    guard let bytes = record.complete[part.name] else { return false }
    return Files.exists("\(path)/\(part.name)")
      && (part.style != .plain || Self.size(of: file(part)) == bytes)
  }

  /// What was recorded by an earlier run; nothing complete in a new or empty folder.
  private func record() throws(InputError) -> Record {
    let file = recordFile
    if Files.exists(file) {
      guard let record = try? JSONDecoder().decode(Record.self, from: Files.read(file)) else {
        throw InputError(
          .badData, "not the record of a data set of scenes", at: file,
          hint: "give another folder, or remove this one")
      }
      guard record.parameters == plan.parameters else {
        throw InputError(
          .cannotCreate, "the folder holds scenes of other parameters", at: path,
          expected: Self.description(of: plan.parameters),
          got: Self.description(of: record.parameters), hint: "give another folder")
      }
      return record
    }
    let content = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    if let name = content.sorted().first(where: { !$0.hasPrefix(".") && !$0.hasSuffix(".part") }) {
      throw InputError(
        .cannotCreate, "the folder holds something else", at: path,
        expected: "a new folder or an empty one", got: "'\(name)'")
    }
    return Record(parameters: plan.parameters, complete: [:])
  }

  private func save(_ record: Record) throws(InputError) {
    try Files.write(Self.json(record), to: recordFile)
  }

  private static func description(of parameters: SampleParameters) -> String {
    String(decoding: json(parameters), as: UTF8.self).split(whereSeparator: \.isWhitespace).joined()
  }

  private static func json(_ value: some Encodable) -> Data {
    do {
      return try JSONDocument.pretty(value)
    } catch {
      preconditionFailure("texts and whole numbers have a JSON form: \(error)")
    }
  }

  private var recordFile: String { "\(path)/sample.json" }

  /// The JSON file of a part.
  func file(_ part: Part) -> String { "\(path)/\(part.name).json" }

  static func size(of file: String) -> Int? {
    (try? FileManager.default.attributesOfItem(atPath: file))?[.size] as? Int
  }
}
