import Foundation
import Support

/// What image files looked like when their content was last looked at: a file that looks the same is
/// not read again. Losing it costs reading them once.
struct FileStamps {
  /// Size and time of each file.
  private struct Stored: Codable { var files: [String: [Int]] }

  private let path: String
  private var known: [String: FileStamp]
  private var isChanged = false

  /// - Parameter path: of a JSON file that may be missing, and is left alone until `write`.
  init(path: String) {
    self.path = path
    let stored = SealedJSON.read(path).flatMap {
      try? JSONDecoder().decode(Stored.self, from: $0).files
    }
    known = (stored ?? [:]).compactMapValues {
      $0.count == 2 ? FileStamp(size: $0[0], modified: $0[1]) : nil
    }
  }

  /// A file's stamp; one so young that a later change might not show is not kept.
  subscript(_ name: String) -> FileStamp? {
    get { known[name] }
    set {
      let new = newValue?.isSettled == true ? newValue : nil
      if known[name] == new { return }
      (known[name], isChanged) = (new, true)
    }
  }

  /// Forgets all files but these, and writes what has changed.
  mutating func write(keeping names: Set<String>) throws(InputError) {
    let count = known.count
    known = known.filter { names.contains($0.key) }
    guard isChanged || known.count != count else { return }
    do {
      let stored = Stored(files: known.mapValues { [$0.size, $0.modified] })
      try SealedJSON.write(JSONDocument.line(stored), to: path)
    } catch let error as InputError {
      throw error
    } catch {
      preconditionFailure("names and numbers have a JSON form: \(error)")
    }
    isChanged = false
  }
}
