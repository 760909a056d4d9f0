import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// Where messages, progress and errors go; results go to `StandardOutput`. Made once in a program, and
/// handed to whatever has something to say.
///
/// On a terminal it owns the line that shows progress and rewrites itself: what is said meanwhile
/// stands above it, on lines of its own. Elsewhere it writes JSON lines without any escape codes, which
/// a person and a program can read. Safe to use from several threads; what is said together stays
/// together.
public final class Console: Sendable {
  public enum Form: Sendable {
    case terminal
    case jsonLines
    /// Only the program's last words are written.
    case silent
  }

  private struct State {
    /// What is under way, whichever was shown last at the end; that is the one to be seen.
    var lines: [(owner: ObjectIdentifier, text: String)] = []
    /// Whether one of them stands on the terminal.
    var isDrawn = false
    var hasEnded = false
  }

  public let form: Form
  private let columns: @Sendable () -> Int?
  private let send: @Sendable (String) -> Void
  private let state = Mutex(State())

  /// - Parameters:
  ///   - columns: how wide the terminal is at the moment; nil where that is not known.
  ///   - send: takes what is to be written, all of it at once; called by one thread at a time.
  public init(
    _ form: Form, columns: @escaping @Sendable () -> Int? = { nil },
    send: @escaping @Sendable (String) -> Void
  ) {
    self.form = form
    self.columns = columns
    self.send = send
  }

  /// A console of standard error, which may be a terminal.
  public static func ofStandardError() -> Console {
    Console(isatty(STDERR_FILENO) == 1 ? .terminal : .jsonLines) {
      var size = winsize()
      let isKnown = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
      return isKnown ? Int(size.ws_col) : nil
    } send: {
      StandardError.write($0)
    }
  }

  /// One that nobody hears.
  public static var silent: Console { Console(.silent) { _ in } }

  /// Says a line.
  ///
  /// - Parameter stage: who says it.
  public func say(_ stage: String, _ message: String) {
    switch form {
    case .terminal: say("\(stage): \(message)")
    case .jsonLines:
      say(
        .object([
          ("event", .string("message")), ("message", .string(message)), ("stage", .string(stage)),
        ]))
    case .silent: break
    }
  }

  /// The same for something that is wrong and stops nothing.
  public func warn(_ stage: String, _ message: String) { say(stage, "warning: \(message)") }

  /// Says the last words, as they are, in every form. Progress that is under way goes from the
  /// terminal, and nothing is written any more.
  public func end(_ text: String) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    state.withLock { state in
      state.lines = []
      write(lines.map { String($0).printable }.joined(separator: "\n") + "\n", &state)
      state.hasEnded = true
    }
  }

  /// Says a line for people, without characters that command the terminal.
  func say(_ text: String) {
    state.withLock { write(text.printable + "\n", &$0) }
  }

  /// Writes an object as a line.
  func say(_ object: JSONText) { copy(object.description) }

  /// Writes a line as it is.
  func copy(_ line: String) {
    state.withLock { write(line + "\n", &$0) }
  }

  /// Shows a terminal how far something is.
  func show(_ text: String, of owner: ObjectIdentifier) {
    state.withLock { state in
      state.lines.removeAll { $0.owner == owner }
      state.lines.append((owner, text.printable))
      write("", &state)
    }
  }

  /// Takes away what was shown of something, and says how it ended.
  package func finish(_ owner: ObjectIdentifier, _ text: String? = nil) {
    state.withLock { state in
      state.lines.removeAll { $0.owner == owner }
      write(text.map { $0.printable + "\n" } ?? "", &state)
    }
  }

  /// Writes whole lines in the place of the progress, and that again below them.
  private func write(_ lines: String, _ state: inout State) {
    let progress = state.lines.last.map { cut($0.text) }
    let output = (state.isDrawn ? "\r\u{1B}[K" : "") + lines + (progress ?? "")
    if state.hasEnded || output.isEmpty { return }
    state.isDrawn = progress != nil
    send(output)
  }

  /// As much as fits on the terminal's line, a character a column, with room for the cursor: a line that
  /// is broken into two cannot be taken back.
  private func cut(_ line: String) -> String {
    columns().map { String(line.prefix(max(0, $0 - 1))) } ?? line
  }
}
