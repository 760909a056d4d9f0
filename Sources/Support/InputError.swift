/// Something outside the program is wrong: a file, a configuration, a checkpoint, a disk.
///
/// Printed as one line: what is wrong, where, what was expected, what was found, what to do.
/// A mistake of the program itself is a precondition, never an `InputError`.
public struct InputError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What kind of trouble it is; its raw value is the process's exit code (`sysexits.h`).
  public enum Kind: Int32, Sendable, CaseIterable {
    /// The command line's words are off.
    case usage = 64
    /// A file is there but its content is wrong: annotations, images, checkpoints, shards.
    case badData = 65
    /// A file or folder that should be there is not, or cannot be read.
    case missingInput = 66
    /// An output cannot be created: no permission, not a folder.
    case cannotCreate = 73
    /// Reading or writing failed half-way.
    case inputOutput = 74
    /// Nothing is wrong with the inputs; try again later: a full disk, a lock held elsewhere.
    case tryAgain = 75
    /// The pipeline file is wrong.
    case configuration = 78
  }

  public var kind: Kind
  /// What is wrong, as a phrase: "unknown key 'epocs'".
  public var what: String
  /// Where: a path, with line or key when known.
  public var place: String?
  /// What would have been right.
  public var expected: String?
  /// What was found instead.
  public var got: String?
  /// What the user can do about it.
  public var hint: String?

  public init(
    _ kind: Kind, _ what: String, at place: String? = nil, expected: String? = nil,
    got: String? = nil, hint: String? = nil
  ) {
    self.kind = kind
    self.what = what
    self.place = place
    self.expected = expected
    self.got = got
    self.hint = hint
  }

  public var description: String {
    var line = place.map { "\($0): \(what)" } ?? what
    switch (expected, got) {
    case (let expected?, let got?): line += " (expected \(expected), got \(got))"
    case (let expected?, nil): line += " (expected \(expected))"
    case (nil, let got?): line += " (got \(got))"
    case (nil, nil): break
    }
    if let hint { line += "; \(hint)" }
    return line.inOneLine
  }
}

extension String {
  /// The text as it stands in a line: see `printable`.
  public var inOneLine: String {
    split(whereSeparator: \.isNewline).joined(separator: " ").printable
  }

  /// The text as it may be shown on a terminal: characters that command it, or turn the direction of
  /// writing, are written out, as `\u{1B}`.
  public var printable: String {
    if !unicodeScalars.contains(where: \.isCommand) { return self }
    return unicodeScalars.map { $0.isCommand ? $0.escaped(asASCII: true) : String($0) }.joined()
  }
}

extension Unicode.Scalar {
  fileprivate var isCommand: Bool {
    switch value {
    case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}
