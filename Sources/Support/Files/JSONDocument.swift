public import Foundation

/// JSON whose bytes follow from the value alone: members are sorted by name.
public enum JSONDocument {
  /// As `vild ... --json` prints it and most files have it: a member a line.
  ///
  /// - Throws: `EncodingError` for a number that is not finite.
  public static func pretty(_ value: some Encodable) throws -> Data {
    try data(value, [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
  }

  /// On one line.
  ///
  /// - Throws: `EncodingError` for a number that is not finite.
  public static func line(_ value: some Encodable) throws -> Data {
    try data(value, [.sortedKeys, .withoutEscapingSlashes])
  }

  private static func data(
    _ value: some Encodable, _ formatting: JSONEncoder.OutputFormatting
  ) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = formatting
    return try encoder.encode(value)
  }
}

extension StandardOutput {
  /// Writes a value for programs, as JSON, or for people.
  ///
  /// - Parameter lines: the value in words.
  /// - Throws: as `write`; `EncodingError` for a number that is not finite.
  public static func print<Value: Encodable>(
    _ value: Value, asJSON: Bool, _ lines: (Value) -> [String]
  ) throws {
    if asJSON { return try print(json: value) }
    for line in lines(value) { try print(line) }
  }

  /// Writes a value as JSON, a member a line, for programs.
  ///
  /// - Throws: as `write`; `EncodingError` for a number that is not finite.
  public static func print(json value: some Encodable) throws {
    try print(String(decoding: JSONDocument.pretty(value), as: UTF8.self))
  }
}
