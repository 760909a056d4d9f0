import Foundation
import Support

/// That a command left nothing to do, and what it had looked at by then, in
/// `<runs>/.receipts/<pipeline>-<command>.json` (`schemas/receipt.schema.json`). While all of that
/// looks as it did, the same command has nothing to do, and reads neither annotations nor proposals nor
/// a cache to find that out. Losing it costs reading everything once.
struct Receipt: Codable, Equatable {
  /// Names the command, its choices and the program.
  let key: String
  /// The files that the pipeline names, by path.
  let files: [String: StageRecord.Output]
  let looks: [Looks]
  /// The checksums of the records of the stages that had finished, by their folders below that of all
  /// runs.
  let stages: [String: String]
  /// The checksums of what caches looked like, by their folders below that of all runs.
  let caches: [String: String]
  /// What the command says of its results, by name.
  let results: [String: String]

  /// Whether everything looks as it did.
  ///
  /// - Parameter runs: the folder of all runs.
  func holds(in runs: String) -> Bool {
    stages.allSatisfy { Self.isFinished("\(runs)/\($0)", recorded: $1) }
      && caches.allSatisfy { Looks.cache("\(runs)/\($0)", isSettled: false) == $1 }
      && files.allSatisfy { $1.fits($0) } && looks.allSatisfy(\.areSame)
  }

  /// Whether the outputs of a stage are, as far as a quick look tells, what a record says, and its copy.
  private static func isFinished(_ path: String, recorded checksum: String) -> Bool {
    guard record(of: path) == checksum, let record = StageRecord.all(in: path).first ?? nil
    else { return false }
    return StageRecord.all(in: path).allSatisfy { $0 == record }
      && record.damage(in: path, .quick).isEmpty
  }

  /// The checksum of the record in a stage's folder; nil where there is none.
  static func record(of path: String) -> String? {
    (try? Checksum(file: "\(path)/\(StageRecord.names[0])")).map { "\($0)" }
  }
}

extension StageRecord.Output {
  /// A file as it is, if it is the one that looked like `stamp` when it was read.
  init?(_ path: String, lookingLike stamp: FileStamp?) {
    guard let stamp, stamp.isSettled, FileStamp(path) == stamp,
      let checksum = try? Checksum(file: path)
    else { return nil }
    self.init(bytes: stamp.size, modified: stamp.modified, xxh3: "\(checksum)")
  }

  /// Whether the file is this one still; a large one that looks the same is not read.
  fileprivate func fits(_ path: String) -> Bool {
    guard let stamp = FileStamp(path), stamp.size == bytes else { return false }
    if bytes > StageRecord.small && stamp.modified == modified { return true }
    return (try? Checksum(file: path)).map { "\($0)" } == xxh3
  }
}
