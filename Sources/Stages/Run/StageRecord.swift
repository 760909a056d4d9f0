import Foundation
import Support
import Synchronization

/// What a stage that has finished left in its folder: what its outputs were made of, and what they are
/// (`schemas/stage.schema.json`).
///
/// It is written twice, and each file carries its own checksum: where one is lost or damaged, the
/// other proves that the outputs are whole, and nothing is made again.
struct StageRecord: Codable, Equatable {
  /// An output as it was when the stage finished.
  struct Output: Codable, Equatable {
    let bytes: Int
    /// Nanoseconds since 1970; settled (`FileStamp.settling`), so that any later change shows.
    let modified: Int
    /// `Checksum` of its content.
    let xxh3: String
  }

  /// How well outputs are looked at.
  enum Depth {
    /// A large file that has its size and time is taken for whole.
    case quick
    /// Every file is read.
    case full
  }

  let version: Int
  let stage: String
  let inputs: StageInputs
  /// By name, below the folder.
  var outputs: [String: Output]

  /// The one that says that the stage has finished first; it is written last.
  static let names = ["stage.json", "stage-copy.json"]
  private static let version = 2
  /// Bytes up to which a file is read whatever its time is.
  static let small = 1 << 20

  init(stage: String, inputs: StageInputs) {
    (version, self.stage, self.inputs, outputs) = (Self.version, stage, inputs, [:])
  }

  /// Those of `names` in a folder; nil for one that is missing, damaged or of another version.
  static func all(in folder: String) -> [StageRecord?] {
    names.map { name in
      let record = SealedJSON.read("\(folder)/\(name)").flatMap {
        try? JSONDecoder().decode(StageRecord.self, from: $0)
      }
      return record?.version == version ? record : nil
    }
  }

  func write(to folder: String) throws(InputError) {
    for name in Self.names.reversed() {
      do {
        try SealedJSON.write(JSONDocument.pretty(self), to: "\(folder)/\(name)")
      } catch let error as InputError {
        throw error
      } catch {
        preconditionFailure("a record of strings and numbers has a JSON form: \(error)")
      }
    }
  }

  /// Adds an output as it is now.
  ///
  /// - Throws: `InputError` for one that is missing.
  mutating func add(_ name: String, in folder: String) throws(InputError) {
    let path = "\(folder)/\(name)"
    let stamp = try FileStamp.settling(path)
    outputs[name] = Output(
      bytes: stamp.size, modified: stamp.modified, xxh3: "\(try Checksum(file: path))")
  }

  /// What is wrong with the outputs in a folder, by name.
  func damage(in folder: String, _ depth: Depth) -> [(name: String, error: InputError)] {
    outputs.sorted { $0.key < $1.key }.compactMap { name, output in
      damage(of: output, at: "\(folder)/\(name)", depth).map { (name, $0) }
    }
  }

  /// What the user can do about it.
  var hint: String {
    let verb = stage == ProposalNetworkStage.name ? ProposeStage.name : stage
    return "remove it, and the same 'vild \(verb)' makes it again"
  }

  private func damage(of output: Output, at path: String, _ depth: Depth) -> InputError? {
    guard let stamp = FileStamp(path) else {
      return InputError(.missingInput, "an output is missing", at: path, hint: hint)
    }
    guard stamp.size == output.bytes else {
      return InputError(
        .badData, "does not have the size it was written with", at: path,
        expected: output.bytes.counted("byte"), got: "\(stamp.size)", hint: hint)
    }
    if depth == .quick, output.bytes > Self.small, stamp.modified == output.modified { return nil }
    do throws(InputError) {
      let found = "\(try Self.checksum(of: path, stamp, depth))"
      return found == output.xxh3
        ? nil : .damaged(at: path, expected: output.xxh3, got: found, hint: hint)
    } catch { return error }
  }

  private static let known = Mutex<[String: (stamp: FileStamp, checksum: Checksum)]>([:])

  /// Once a process for a large file whose time is another than recorded, as a copy's is.
  private static func checksum(
    of path: String, _ stamp: FileStamp, _ depth: Depth
  ) throws(InputError) -> Checksum {
    guard depth == .quick, stamp.size > small, stamp.isSettled else {
      return try Checksum(file: path)
    }
    if let known = known.withLock({ $0[path] }), known.stamp == stamp { return known.checksum }
    let checksum = try Checksum(file: path)
    known.withLock { $0[path] = (stamp, checksum) }
    return checksum
  }
}
