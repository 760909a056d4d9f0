#if canImport(Glibc)
  public import Glibc
#endif

extension InputError {
  /// An error of the operating system, told apart by `errno`: a full disk asks to try again, a
  /// missing file is missing input, a forbidden folder cannot be created.
  ///
  /// - Parameters:
  ///   - action: what was being done, as in "cannot write".
  ///   - code: `errno` as the failing call left it.
  public static func system(_ action: String, at place: String, code: Int32 = errno) -> InputError {
    let reason = String(cString: strerror(code))
    switch code {
    case ENOSPC, EDQUOT:
      return InputError(
        .tryAgain, action, at: place, got: reason,
        hint: "free some space and run the same command again; it continues where it was")
    case EFBIG:
      return InputError(
        .tryAgain, action, at: place, got: reason,
        hint: "raise the limit of a file's size with 'ulimit -f unlimited' and run the same "
          + "command again; it continues where it was")
    case EMFILE, ENFILE:
      return InputError(
        .tryAgain, action, at: place, got: reason,
        hint: "raise the limit of open files with 'ulimit -n' and run the same command again")
    case ENOMEM:
      return InputError(
        .tryAgain, action, at: place, got: reason,
        hint: "free some memory, or raise the limits that 'ulimit -a' shows, and run the same "
          + "command again")
    case ENOENT:
      return InputError(.missingInput, action, at: place, got: reason)
    case EACCES, EPERM, EROFS, ENOTDIR, EISDIR:
      return InputError(.cannotCreate, action, at: place, got: reason)
    default:
      return InputError(.inputOutput, action, at: place, got: reason)
    }
  }
}
