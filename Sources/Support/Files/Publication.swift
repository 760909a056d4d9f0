#if canImport(Glibc)
  import Glibc
#endif

/// How a durable file gets a name that nobody has yet, on whatever file system: by a second name and then
/// one less, which never replaces anything; where there are no links, as on any mount of an object store, by
/// renaming; where there is no renaming either, by writing the name itself, which appears there when it is
/// closed.
///
/// Without links two that publish one name at the same moment may both succeed: the file is that of one
/// of them, whole.
package struct Publication: Sendable {
  /// What the name was made by.
  package enum Way: Sendable { case link, rename, copy }

  /// link(2) and rename(2), of paths: 0, or what `errno` says.
  package typealias Naming = @Sendable (_ old: String, _ new: String) -> Int32
  private let link, rename: Naming

  package init(link: @escaping Naming, rename: @escaping Naming) {
    (self.link, self.rename) = (link, rename)
  }

  /// The system's.
  package static let system = Publication(
    link: { old, new in call(Glibc.link, old, new) },
    rename: { old, new in call(Glibc.rename, old, new) })

  private static func call(
    _ function: (UnsafePointer<CChar>, UnsafePointer<CChar>) -> Int32, _ old: String, _ new: String
  ) -> Int32 {
    PathText.withSystemPath(old) { old in
      PathText.withSystemPath(new) { function(old, $0) == 0 ? 0 : errno }
    }
  }

  /// What says that something is wrong with the disk or the names, not with the call: another way would
  /// do no better.
  private static let final: Set<Int32> = [ENOSPC, EDQUOT, ENOENT, ENOTDIR, EROFS, ENAMETOOLONG]

  /// Gives the file at `part` the name `path`; the old name goes, whatever happens.
  ///
  /// - Returns: by which way; nil where there is something at `path` already, which stays.
  /// - Throws: `InputError` that names `path`.
  package func publish(_ part: String, as path: String) throws(InputError) -> Way? {
    defer { Files.remove(part) }
    var code = link(part, path)
    if code == EEXIST { return nil }
    if code == 0 {
      try Files.syncFolder(of: path)
      return .link
    }
    if Self.final.contains(code) { throw .system("cannot rename to", at: path, code: code) }
    if Files.exists(path) { return nil }
    code = rename(part, path)
    if code == 0 {
      try Files.syncFolder(of: path)
      return .rename
    }
    if Self.final.contains(code) { throw .system("cannot rename to", at: path, code: code) }
    return try Self.copy(part, to: path) ? .copy : nil
  }

  /// - Returns: false where there is something at `path` already.
  private static func copy(_ part: String, to path: String) throws(InputError) -> Bool {
    let data = try Files.read(part)
    let descriptor = PathText.withSystemPath(path) {
      open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    }
    if descriptor < 0 && errno == EEXIST { return false }
    guard descriptor >= 0 else { throw .system("cannot write", at: path) }
    var failure: InputError?
    do throws(InputError) {
      try Files.writeAll(data, to: descriptor, path: path)
      guard fsync(descriptor) == 0 else { throw InputError.system("cannot write", at: path) }
    } catch {
      failure = error
    }
    // An object store may say only now that it did not take it.
    if close(descriptor) != 0, failure == nil { failure = .system("cannot write", at: path) }
    guard let failure else { return true }
    Files.remove(path)
    throw failure
  }
}
