import Foundation
import Support
import Synchronization

/// What image files hold, as SHA-256 in hex by path: a file that looks as it did when it was last read
/// is not read again. Losing what is stored costs reading the files once. Safe to use from several
/// threads.
final class ImageContents: Sendable {
  private struct Known: Codable {
    var size: Int
    var modified: Int
    var sha256: String

    var stamp: FileStamp { FileStamp(size: size, modified: modified) }
  }

  private struct Stored: Codable { var files: [String: Known] }

  private struct State {
    /// Nil until somebody asks: with many images it takes a second to read.
    var known: [String: Known]?
    var isChanged = false
  }

  private let path: String
  private let state: Mutex<State>

  private static let all = Mutex<[String: ImageContents]>([:])

  /// The one of a process that is stored in `path`, a JSON file that may be missing.
  static func stored(in path: String) -> ImageContents {
    all.withLock { all in
      if let known = all[path] { return known }
      let new = ImageContents(path)
      all[path] = new
      return new
    }
  }

  private init(_ path: String) {
    self.path = path
    state = Mutex(State())
  }

  private func loaded() -> [String: Known] {
    state.withLock { state in
      if let known = state.known { return known }
      let known = SealedJSON.read(path).flatMap {
        try? JSONDecoder().decode(Stored.self, from: $0).files
      }
      state.known = known ?? [:]
      return known ?? [:]
    }
  }

  /// One hash a file; nil for one that cannot be read.
  func hashes(of files: [String], in folder: String) -> [String?] {
    let known = loaded()
    let root = URL(filePath: folder).standardizedFileURL.path
    let paths = files.map { "\(root)/\($0)" }
    let found = Parallel.map(paths) { path -> (known: Known, isNew: Bool)? in
      guard let stamp = FileStamp(path) else { return nil }
      if let known = known[path], known.stamp == stamp { return (known, false) }
      guard let hash = try? Fingerprint.file(path) else { return nil }
      return (Known(size: stamp.size, modified: stamp.modified, sha256: hash), true)
    }
    state.withLock { state in
      for (path, found) in zip(paths, found) {
        guard let found, found.isNew else { continue }
        state.known?[path] = found.known
        state.isChanged = true
      }
    }
    return found.map { $0?.known.sha256 }
  }

  /// Stores what was read, but for files so young that a later change might not show.
  func write() throws(InputError) {
    let (known, isChanged) = state.withLock { state in
      defer { state.isChanged = false }
      return (state.known, state.isChanged)
    }
    guard isChanged else { return }
    do {
      try Files.createFolder(PathText.folder(of: path))
      let stored = Stored(files: (known ?? [:]).filter { $0.value.stamp.isSettled })
      try SealedJSON.write(JSONDocument.line(stored), to: path)
    } catch let error as InputError {
      throw error
    } catch {
      preconditionFailure("names and numbers have a JSON form: \(error)")
    }
  }
}
