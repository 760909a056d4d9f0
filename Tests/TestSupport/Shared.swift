import Foundation

/// Development data that is not part of the repository: real photographs, a real teacher, parity
/// fixtures. Tests that need it skip, and say so, where it is missing.
public enum Shared {
  /// The folder that `VILD_SHARED` names, or `../shared` beside the repository.
  public static let root: String = {
    if let path = ProcessInfo.processInfo.environment["VILD_SHARED"] { return path }
    return URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../shared")
      .standardizedFileURL.path
  }()

  /// Whether `path` under the shared folder is there; says loudly when it is not.
  public static func has(_ path: String) -> Bool {
    if FileManager.default.fileExists(atPath: self.path(path)) { return true }
    FileHandle.standardError.write(
      Data("SKIPPED: \(self.path(path)) is not here; set VILD_SHARED to run this test\n".utf8))
    return false
  }

  /// What the user's environment names, such as a folder of weights that nobody may pass on; says
  /// loudly when it names nothing.
  public static func named(by variable: String, _ what: String) -> String? {
    if let value = ProcessInfo.processInfo.environment[variable] { return value }
    FileHandle.standardError.write(
      Data("SKIPPED: set \(variable) to \(what) to run this test\n".utf8))
    return nil
  }

  /// The full path of `path` under the shared folder.
  public static func path(_ path: String) -> String { "\(root)/\(path)" }
}

/// The file at `path` under the test target's own folder, as seen from the calling source file.
public func fixture(_ path: String, from source: String = #filePath) -> String {
  URL(filePath: source).deletingLastPathComponent().appending(path: path).path
}

/// A new empty folder for one test; removed by `body`'s end, whatever happens.
public func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appending(
    path: "vild-test-\(UUID().uuidString)"
  ).path
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  return try body(folder)
}
