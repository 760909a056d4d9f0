#if canImport(Glibc)
  package import Glibc
#endif

/// A file that an object has open: closed once, when its owner goes, also where the owner's
/// initialiser throws.
///
/// To be kept in a property: in a local variable it may be closed right after its last mention.
package final class OpenFile: Sendable {
  /// The number the system knows it by.
  package let descriptor: Int32

  /// - Parameters:
  ///   - flags: as of open(2); what the process starts never inherits it.
  ///   - mode: the rights of a file that is created.
  ///   - failure: what an error says could not be done.
  /// - Throws: `InputError` that names the path.
  package init(
    _ path: String, _ flags: Int32, mode: mode_t = 0o644, or failure: String = "cannot read"
  ) throws(InputError) {
    descriptor = PathText.withSystemPath(path) { open($0, flags | O_CLOEXEC, mode) }
    guard descriptor >= 0 else { throw .system(failure, at: path) }
  }

  private init(descriptor: Int32) { self.descriptor = descriptor }

  /// Both ends of a new pipe.
  ///
  /// - Throws: `InputError` where too many files are open.
  package static func pipe() throws(InputError) -> (reading: OpenFile, writing: OpenFile) {
    var ends: [Int32] = [-1, -1]
    guard Glibc.pipe(&ends) == 0 else { throw .system("cannot open", at: "a pipe") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (OpenFile(descriptor: ends[0]), OpenFile(descriptor: ends[1]))
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }
}
