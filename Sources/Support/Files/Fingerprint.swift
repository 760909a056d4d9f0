public import Foundation
internal import Glibc

/// SHA-256 in lower-case hex (64 characters), the name of a content.
public enum Fingerprint {
  /// Of the bytes of `data`.
  public static func data(_ data: some DataProtocol) -> String {
    let hash = SHA256()
    hash.update(data)
    return hash.hex
  }

  /// Of the file at `path`, as `sha256sum` prints it; memory does not grow with the file.
  ///
  /// - Throws: `InputError` (`missingInput`, `inputOutput`) that names the path.
  public static func file(_ path: String) throws(InputError) -> String {
    let descriptor = PathText.withSystemPath(path) { open($0, O_RDONLY | O_CLOEXEC) }
    guard descriptor >= 0 else { throw .system("cannot read", at: path) }
    defer { close(descriptor) }
    let hash = SHA256()
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let got = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress!, $0.count) }
      if got < 0 && errno == EINTR { continue }
      guard got >= 0 else { throw .system("cannot read", at: path) }
      if got == 0 { return hash.hex }
      chunk.withUnsafeBytes { hash.update(.init(rebasing: $0[..<got])) }
    }
  }

  /// Of the content of a folder: the hash of one line "hash, two spaces, path, newline" a file, in
  /// the order of the paths' bytes. Links are followed; names of folders count only in the paths.
  ///
  /// - Throws: `InputError` (`missingInput`, `inputOutput`) that names the folder or the file.
  public static func folder(_ path: String) throws(InputError) -> String {
    var lines = ""
    for file in try files(under: path, prefix: "").sorted(by: {
      $0.utf8.lexicographicallyPrecedes($1.utf8)
    }) {
      lines += "\(try self.file("\(path)/\(file)"))  \(file)\n"
    }
    return data(Data(lines.utf8))
  }

  /// Of the canonical JSON of `value`: sorted keys, no white space, stable numbers.
  public static func json(_ value: some Encodable) -> String {
    data(canonicalJSON(value))
  }

  /// The bytes that `json` hashes. Numbers in `value` must be finite.
  public static func canonicalJSON(_ value: some Encodable) -> Data {
    Data(JSONValue(encoding: value).canonical.utf8)
  }

  private static func files(under root: String, prefix: String) throws(InputError) -> [String] {
    let folder = "\(root)/\(prefix)"
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw InputError(.missingInput, "cannot list the folder", at: folder)
    }
    var found: [String] = []
    for name in names {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: "\(folder)/\(name)", isDirectory: &isFolder)
      else { throw InputError(.missingInput, "the link leads nowhere", at: "\(folder)/\(name)") }
      if isFolder.boolValue {
        found += try files(under: root, prefix: "\(prefix)\(name)/")
      } else {
        found.append("\(prefix)\(name)")
      }
    }
    return found
  }
}
