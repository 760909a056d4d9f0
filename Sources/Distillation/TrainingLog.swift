import Foundation
import Support

#if canImport(Glibc)
  import Glibc
#endif

/// The training's figures, one JSON object a step and line.
///
/// After a kill the file may be ahead of the checkpoint; resuming cuts it back, so that each step
/// stands there once.
final class TrainingLog {
  private let path: String
  private let handle: FileHandle

  /// Opens the log and drops what was written from `step` on.
  ///
  /// - Throws: `InputError` when the file cannot be written.
  init(path: String, from step: Int) throws(InputError) {
    self.path = path
    let kept = Files.exists(path) ? try Self.lines(of: path, before: step) : Data()
    try Files.write(kept, to: path)
    guard let handle = FileHandle(forWritingAtPath: path) else {
      throw .system("cannot write", at: path)
    }
    handle.seekToEndOfFile()
    self.handle = handle
  }

  deinit { try? handle.close() }

  /// Adds a line; figures that are not finite become null.
  func append(step: Int, _ figures: [(String, Double)]) throws(InputError) {
    var line = "{\"step\":\(step)"
    for (name, value) in figures { line += ",\"\(name)\":\(value.isFinite ? "\(value)" : "null")" }
    try Files.writeAll(Data("\(line)}\n".utf8), to: handle.fileDescriptor, path: path)
  }

  private static func lines(of path: String, before step: Int) throws(InputError) -> Data {
    var kept = Data()
    for line in try Files.read(path).split(separator: UInt8(ascii: "\n")) {
      guard let object = try? JSONSerialization.jsonObject(with: line) as? [String: Any],
        let number = object["step"] as? Int, number < step
      else { break }
      kept.append(line)
      kept.append(UInt8(ascii: "\n"))
    }
    return kept
  }
}
