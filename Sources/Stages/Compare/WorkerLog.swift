import Foundation

/// How far a worker's student is, from the progress lines of its log.
package struct WorkerLog {
  private let path: String
  /// What of the log was there before, or has been read.
  private var offset: UInt64
  /// The share of the student's steps that are done, 0 to 1.
  package private(set) var trained = 0.0

  /// A line that `StageProgress` writes; it tells the share of training when its stage does.
  private struct Line: Decodable {
    let stage: String
    let done: Int
    let total: Int
  }

  /// - Parameter path: of a file that a worker is about to append to; it may be missing.
  package init(path: String) {
    self.path = path
    offset = (try? FileHandle(forReadingFrom: URL(filePath: path)).seekToEnd()) ?? 0
  }

  /// Reads the lines that have come since.
  package mutating func read() {
    guard let file = try? FileHandle(forReadingFrom: URL(filePath: path)),
      (try? file.seek(toOffset: offset)) != nil, let data = try? file.readToEnd(),
      let end = data.lastIndex(of: UInt8(ascii: "\n"))
    else { return }
    offset += UInt64(end - data.startIndex + 1)
    for text in data[...end].split(separator: UInt8(ascii: "\n")) {
      guard let line = try? JSONDecoder().decode(Line.self, from: text),
        line.stage == DistillStage.kind, line.total > 0
      else { continue }
      trained = Double(line.done) / Double(line.total)
    }
  }
}
