import Foundation
import Support

#if canImport(Glibc)
  import Glibc
#endif

/// A folder of files that appears under its name when all of them are there: under the name of a
/// `Part` until then. An earlier export of that name is there until it is replaced.
///
/// Its writer holds the unfinished folder's lock; one that nobody holds is left over by a kill, and goes
/// when the same is exported again.
final class ExportFolder {
  private let path: String
  private let part: String
  private let lock: OpenFile
  private var isPublished = false
  /// The folder that was made last.
  private var made = ""

  /// Last of the files, and what tells a folder of ours from any other.
  private static let manifest = "export.json"
  private let summary: JSONText

  /// - Parameters:
  ///   - path: of nothing, an empty folder, or an export, which is replaced.
  ///   - summary: of what the folder is, its file `export.json`.
  /// - Throws: `InputError` (`cannotCreate`) for anything else that is there.
  init(_ path: String, summary: JSONText) throws(InputError) {
    self.path = path
    self.summary = summary
    try Self.check(path)
    let parent = PathText.folder(of: path)
    try Files.createFolder(parent.isEmpty ? "." : parent)
    Self.removeAbandoned(path)
    part = Part.name(of: path)
    try Files.createFolder(part)
    lock = try OpenFile(part, O_RDONLY | O_DIRECTORY)
    _ = try lock.lock(LOCK_EX, path: part)
  }

  deinit { if !isPublished { Self.remove(part) } }

  private static func check(_ path: String) throws(InputError) {
    guard Files.exists(path) else { return }
    let hint = "name a folder that is empty, not there, or an earlier export"
    guard Files.isFolder(path) else {
      throw InputError(
        .cannotCreate, "the export cannot go here", at: path, expected: "a folder",
        got: "a file", hint: hint)
    }
    let isEmpty = (try? FileManager.default.contentsOfDirectory(atPath: path))?.isEmpty ?? false
    let text = (try? Files.read("\(path)/\(manifest)")).map { String(decoding: $0, as: UTF8.self) }
    guard isEmpty || text?.hasPrefix(start) ?? false else {
      throw InputError(
        .cannotCreate, "the folder has other files", at: path, hint: hint)
    }
  }

  private static let start = #"{"format":"vild-export","#

  private static func removeAbandoned(_ path: String) {
    let parent = PathText.folder(of: path)
    let names = try? FileManager.default.contentsOfDirectory(atPath: parent.isEmpty ? "." : parent)
    for name in names ?? [] where Part.isName(name, of: PathText.name(of: path)) {
      let left = parent.isEmpty ? name : PathText.join(parent, name)
      guard Part.isTold(at: left), let folder = try? OpenFile(left, O_RDONLY | O_DIRECTORY) else {
        continue
      }
      withExtendedLifetime(folder) {
        if flock(folder.descriptor, LOCK_EX | LOCK_NB) == 0 { remove(left) }
      }
    }
  }

  private static func remove(_ path: String) {
    try? FileManager.default.removeItem(atPath: path)
  }

  // MARK: - Filling it

  func createFolder(_ name: String) throws(InputError) { try Files.createFolder("\(part)/\(name)") }

  /// A file that is written piece by piece; it is to be published before the folder.
  func open(_ name: String) throws(InputError) -> PartFile {
    try Files.createFolder(PathText.folder(of: "\(part)/\(name)"))
    return try PartFile(path: "\(part)/\(name)")
  }

  /// Writes one of the files, and the folders that it is in.
  ///
  /// - Throws: `InputError` for a second file of the name: two images that differ by their endings.
  func write(_ text: String, to name: String) throws(InputError) {
    let target = "\(part)/\(name)"
    let folder = PathText.folder(of: target)
    if folder != made {
      try Files.createFolder(folder)
      made = folder
    }
    guard !Files.exists(target) else {
      throw InputError(
        .badData, "two images of this format would share a file", at: name,
        expected: "names that differ by more than their endings",
        hint: "rename one of them, or export as coco or csv")
    }
    let file = try OpenFile(target, O_WRONLY | O_CREAT | O_EXCL, or: "cannot write")
    try Files.writeAll(Data(text.utf8), to: file.descriptor, path: target)
  }

  /// Makes a name in the folder lead to another folder.
  func link(_ name: String, to folder: String) throws(InputError) {
    let made = PathText.withSystemPath(folder) { folder in
      PathText.withSystemPath("\(part)/\(name)") { symlink(folder, $0) == 0 }
    }
    guard made else { throw .system("cannot write", at: "\(path)/\(name)") }
  }

  /// Makes all files survive a power cut, and the folder take its name.
  func publish() throws(InputError) {
    try write("\(summary)\n", to: Self.manifest)
    // A call for each of a million files would take hours.
    sync()
    var former: String?
    if Files.exists("\(path)/\(Self.manifest)") {
      let place = Part.name(of: path)
      guard Self.rename(path, to: place) else { throw .system("cannot replace", at: path) }
      former = place
    }
    guard Self.rename(part, to: path) else {
      let error = InputError.system("cannot write", at: path)
      if let former { _ = Self.rename(former, to: path) }
      throw error
    }
    isPublished = true
    try Files.syncFolder(of: path)
    former.map(Self.remove)
  }

  private static func rename(_ old: String, to new: String) -> Bool {
    PathText.withSystemPath(old) { old in
      PathText.withSystemPath(new) { Glibc.rename(old, $0) == 0 }
    }
  }
}
