#if canImport(Glibc)
  import Glibc
#endif

/// Standard output, where results go. Nothing else writes there.
public enum StandardOutput {
  /// Writes a line.
  ///
  /// - Throws: as `write`.
  public static func print(_ line: some CustomStringConvertible) throws {
    try write("\(line)\n")
  }

  /// Writes text, every byte of it.
  ///
  /// - Throws: `Stopped` where nobody reads any more; `InputError` (`inputOutput`) where it cannot be
  ///   written, also on a full disk.
  public static func write(_ text: String) throws {
    switch StandardStream.write(text, to: STDOUT_FILENO) {
    case 0: break
    case EPIPE: throw Stopped(signal: SIGPIPE)
    case let code: throw failure(code)
    }
  }

  /// Waits until what was written has arrived: a disk behind a network says only now that it is full.
  ///
  /// - Throws: `InputError` (`inputOutput`).
  public static func settle() throws(InputError) {
    let copy = dup(STDOUT_FILENO)
    guard copy >= 0 else { return }
    if close(copy) != 0 { throw failure(errno) }
  }

  private static func failure(_ code: Int32) -> InputError {
    InputError(
      .inputOutput, "cannot write the results", at: "standard output",
      got: String(cString: strerror(code)),
      hint: "what is finished is kept; run the same command again with somewhere to write to")
  }
}

/// Standard error, which is the `Console`'s. What cannot be written there is dropped: a log that is
/// full or gone ends no work.
package enum StandardError {
  package static func write(_ text: String) {
    _ = StandardStream.write(text, to: STDERR_FILENO)
  }
}

/// What both have in common.
public enum StandardStream {
  /// Makes sure that the three standard descriptors are taken, or a file of data might get the number
  /// of one and be written to by accident. To be called before anything is opened.
  ///
  /// One that the process was started without leads to /dev/null the wrong way round, so that using it
  /// still fails.
  public static func openMissing() {
    for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
      // The lowest free number is given.
      if open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY) != number {
        _exit(InputError.Kind.inputOutput.rawValue)
      }
    }
  }

  /// Writes every byte, through short writes and interrupted calls, with patience where the other end
  /// asked not to be waited for.
  ///
  /// - Returns: 0, or `errno`.
  fileprivate static func write(_ text: String, to descriptor: Int32) -> Int32 {
    var text = text
    return text.withUTF8 { bytes in
      var written = 0
      while written < bytes.count {
        let count = Glibc.write(descriptor, bytes.baseAddress! + written, bytes.count - written)
        if count >= 0 {
          written += count
        } else if errno == EAGAIN {
          var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          poll(&wanted, 1, -1)
        } else if errno != EINTR {
          return errno
        }
      }
      return 0
    }
  }
}
