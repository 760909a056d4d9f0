import Foundation
import Reporting
import Support
import Tensors

/// Compares a stage's folder with its record, and what is not recorded with its own checksums.
struct StageVerification {
  private let path: String
  private let depth: StageRecord.Depth

  init(_ path: String, _ depth: StageRecord.Depth) { (self.path, self.depth) = (path, depth) }

  func run(into problems: inout [InputError], notes: inout [String]) {
    let records = StageRecord.all(in: path)
    let record = records.compactMap(\.self).first
    for (name, found) in zip(StageRecord.names, records) where found == nil || found != record {
      let isThere = Files.exists("\(path)/\(name)")
      if record == nil && !isThere { continue }
      problems.append(
        InputError(
          .badData,
          isThere
            ? "does not have the checksum it was written with, or is of an earlier version"
            : "the record of a finished stage is missing", at: "\(path)/\(name)",
          hint: "the stage's command writes it again"))
    }
    if let record {
      let damage = record.damage(in: path, depth)
      problems += damage.map { located($0.error) }
      if depth == .full {
        let damaged = Set(damage.map(\.name))
        for name in record.outputs.keys.sorted()
        where name.hasSuffix(".safetensors") && !damaged.contains(name) {
          problems += [Self.damage(ofTensors: "\(path)/\(name)", hint: record.hint)]
            .compactMap(\.self)
        }
      }
      problems += damageOfPictures(record)
      notes += unknown(record).map { "\(path)/\($0): not recorded; not looked at" }
    } else {
      notes.append("\(path): not finished")
      if depth == .full { problems += damageOfBegun() }
    }
    let stamps = "\(path)/files.json"
    if Files.exists(stamps), SealedJSON.read(stamps) == nil {
      problems.append(.unsealed(stamps, hint: "remove it; the image files are then read once more"))
    }
    for folder in nested {
      StageVerification(folder, depth).run(into: &problems, notes: &notes)
    }
  }

  /// Reads every tensor of a file.
  ///
  /// - Returns: what is wrong with it; nil where nothing is.
  static func damage(ofTensors path: String, hint: String) -> InputError? {
    do throws(InputError) {
      let file = try SafeTensorsFile(path: path)
      for name in file.names where file.type(of: name)?.isFloatingPoint == true {
        _ = try file.tensor(name)
      }
      return nil
    } catch {
      var error = error
      error.hint = error.hint ?? hint
      return error
    }
  }

  /// With the number of the first damaged line, where a file has lines.
  private func located(_ error: InputError) -> InputError {
    guard let file = error.place, file.hasSuffix(".jsonl"), error.kind == .badData,
      let line = Self.damagedLines(of: file).first
    else { return error }
    var located = error
    located.place = "\(file) line \(line)"
    return located
  }

  private static func damagedLines(of file: String) -> [Int] {
    guard let data = try? Files.read(file) else { return [] }
    return data.split(separator: 0x0A).enumerated().compactMap { index, line in
      if case .sound = SealedJSON.look(at: line) { nil } else { index + 1 }
    }
  }

  /// What a stage that goes on will read: lines, of which a kill may have cut the last, and a
  /// checkpoint.
  private func damageOfBegun() -> [InputError] {
    let hint = "the stage's command goes on without it, or remove the file"
    var found: [InputError] = []
    for name in names where name.hasSuffix(".jsonl") {
      let isCut = (try? Files.read("\(path)/\(name)").last) != 0x0A
      let lines = Self.damagedLines(of: "\(path)/\(name)")
      found += lines.dropLast(isCut ? 1 : 0).map {
        .unsealed("\(path)/\(name) line \($0)", hint: hint)
      }
    }
    for name in names where name.hasSuffix(".safetensors") {
      found += [Self.damage(ofTensors: "\(path)/\(name)", hint: "remove it; training starts again")]
        .compactMap(\.self)
    }
    return found
  }

  /// The pictures that `summary.json` lists.
  private func damageOfPictures(_ record: StageRecord) -> [InputError] {
    guard record.outputs[DetectedPictures.file] != nil,
      let checksums = DetectedPictures.checksums(in: path)
    else { return [] }
    return checksums.sorted { $0.key < $1.key }.compactMap { name, checksum in
      let picture = "\(path)/pictures/\(name)"
      guard Files.exists(picture) else {
        return InputError(.missingInput, "an output is missing", at: picture, hint: record.hint)
      }
      guard depth == .full else { return nil }
      do throws(InputError) {
        let found = "\(try Checksum(file: picture))"
        return found == checksum
          ? nil : .damaged(at: picture, expected: checksum, got: found, hint: record.hint)
      } catch { return error }
    }
  }

  private var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
  }

  /// Reports of detections, in folders of their own.
  private var nested: [String] {
    VerifyStage.folders(in: path).filter { RunsStage.stage(of: PathText.name(of: $0)) != nil }
  }

  /// Files that neither the record nor this program's other habits explain.
  private func unknown(_ record: StageRecord) -> [String] {
    let habits: Set = ["lock", "files.json", "pictures", "logs"]
    let nested = Set(nested.map { PathText.name(of: $0) })
    return names.filter {
      record.outputs[$0] == nil && !habits.contains($0) && !StageRecord.names.contains($0)
        && !nested.contains($0)
    }
  }
}
