import Evaluation
import Foundation
import Support

/// What a finished `detect` or `evaluate` left, for what is made of it and recorded nowhere.
struct FinishedDetections {
  let stage: StageFolder
  private let record: StageRecord

  private static let file = "detections.jsonl"

  /// Of the detections.
  var path: String { stage.file(Self.file) }

  /// - Parameter folder: of the stage, or one of the files of detections there.
  /// - Throws: `InputError` (`missingInput`) for a folder without finished detections.
  init(_ folder: String) throws(InputError) {
    let isFile = [Self.file, "detections.json"].contains(PathText.name(of: folder))
    let parent = PathText.folder(of: folder)
    let folder =
      isFile && !Files.isFolder(folder) ? (parent.isEmpty ? "." : parent) : folder
    guard Files.isFolder(folder) else {
      throw InputError(
        .missingInput, "no such folder", at: folder,
        expected: "the folder of a 'vild detect' or 'vild evaluate'")
    }
    guard let stage = StageFolder(finishedAt: folder), let record = stage.record,
      record.outputs[Self.file] != nil
    else {
      throw InputError(
        .missingInput, "no finished detections here", at: folder,
        expected: "the folder of a 'vild detect' or 'vild evaluate' that has ended",
        hint: "run that command again; it continues where it was")
    }
    (self.stage, self.record) = (stage, record)
  }

  /// Refuses an output in the place of what it is made of, or of what else the stage left.
  ///
  /// - Parameter what: the output in words.
  func refuse(_ output: String, _ what: String) throws(InputError) {
    let (full, own) = (Self.full(output), Self.full(stage.path))
    guard full == own || PathText.folder(of: full) == own,
      full == own || record.outputs[PathText.name(of: full)] != nil
    else { return }
    throw InputError(
      .cannotCreate, "\(what) would replace an output of the stage", at: output,
      hint: "name another file or folder")
  }

  private static func full(_ path: String) -> String {
    URL(filePath: path).standardizedFileURL.path
  }

  /// - Parameter done: what was done with them meanwhile.
  /// - Throws: `InputError` (`tryAgain`) where they are others now.
  func check(_ done: String) throws(InputError) {
    guard StageFolder(finishedAt: stage.path)?.record == record else {
      throw InputError(
        .tryAgain, "the detections changed while they were \(done)", at: stage.path,
        hint: "wait until the other command has ended, and start this one again")
    }
  }
}

extension CategoryThresholds {
  /// What a user gave by a thresholds file and a score for the names that it has none for, said in a
  /// line; nil without a file.
  init?(
    given path: String?, others: Double?, for names: [String], say: (String) -> Void
  ) throws(InputError) {
    guard let path else { return nil }
    try self.init(path: path)
    let known = names.filter { categories[$0] != nil }.count
    let least = (others ?? all?.score).map { "\($0)" } ?? (all == nil ? "0" : "no score")
    say(
      "\(path) has scores of \(known) of \(names.count.counted("name")); the others begin at \(least)"
    )
    if others != nil { all = nil }
  }
}
