import Foundation
import Support

/// What this program writes into a safetensors file's `__metadata__` to find damage: `xxh3:NAME`, the
/// checksum of a tensor's stored bytes, and `xxh3`, that of all bytes before the tensors', its own
/// digits being zeros there. Files of other programs have neither.
struct SafeTensorsChecksums: Sendable {
  /// Of the tensors, by name, as 32 hex digits.
  private let tensors: [String: String]

  static let key = "xxh3"
  private static let prefix = "xxh3:"
  private static let blank = String(repeating: "0", count: 32)

  /// Takes the entries out of a file's metadata; nil where there are none.
  ///
  /// - Parameters:
  ///   - names: of the file's tensors.
  ///   - beginning: all bytes before the tensors'.
  /// - Throws: `InputError` (`badData`) where these are not what was written, or an entry is missing.
  init?(
    from metadata: inout [String: String], names: some Collection<String>,
    beginning: @autoclosure () -> Data, path: String
  ) throws(InputError) {
    let entries = metadata.filter { Self.isReserved($0.key) }
    if entries.isEmpty { return nil }
    metadata = metadata.filter { !Self.isReserved($0.key) }
    func bad(_ expected: String?, _ got: String) -> InputError {
      InputError(
        .badData, "the header does not have the checksum it was written with", at: path,
        expected: expected, got: got, hint: Self.remedy)
    }
    guard let own = entries[Self.key] else { throw bad("metadata '\(Self.key)'", "none") }
    let found = Self.checksum(of: beginning(), at: own)
    guard found == own else { throw bad(shown(own), found ?? "one at another place") }
    var tensors: [String: String] = [:]
    for name in names {
      guard let checksum = entries[Self.prefix + name] else {
        throw bad("metadata '\(Self.prefix)\(shown(name))'", "none")
      }
      tensors[name] = checksum
    }
    self.tensors = tensors
  }

  /// What to do about a damaged file, unless its reader knows better.
  static let remedy = "bring the file from a copy, or make it again"

  /// Whether metadata of this name may not be a caller's own.
  static func isReserved(_ key: String) -> Bool {
    key == Self.key || key.hasPrefix(prefix)
  }

  /// - Throws: `InputError` (`badData`) naming a tensor whose stored bytes' checksum is not `found`.
  func check(
    _ name: String, _ found: Checksum, path: String, remedy: String?
  ) throws(InputError) {
    let written = tensors[name] ?? "none"
    guard "\(found)" != written else { return }
    throw InputError(
      .badData, "tensor '\(shown(name))' does not have the checksum it was written with", at: path,
      expected: shown(written), got: "\(found)", hint: remedy ?? Self.remedy)
  }

  // MARK: - Writing

  /// The metadata's entries for tensors, and a place for the header's own.
  static func entries(_ tensors: [(name: String, checksum: Checksum?)]) -> [String: String] {
    var entries = [key: blank]
    for (name, checksum) in tensors { entries[prefix + name] = checksum.map { "\($0)" } ?? blank }
    return entries
  }

  /// Writes the header's own checksum into its place in all bytes before the tensors'.
  static func complete(_ beginning: inout Data) {
    guard let place = place(of: blank, in: beginning) else {
      preconditionFailure("the header has a place for its checksum")
    }
    beginning.replaceSubrange(place, with: Data("\(Checksum(beginning))".utf8))
  }

  /// nil where these digits are not in the place of a header's checksum.
  private static func checksum(of beginning: Data, at digits: String) -> String? {
    guard let place = place(of: digits, in: beginning) else { return nil }
    var written = beginning
    written.replaceSubrange(place, with: Data(blank.utf8))
    return "\(Checksum(written))"
  }

  /// Where the header's own checksum stands: in a text these quotes would be escaped.
  private static func place(of digits: String, in beginning: Data) -> Range<Int>? {
    let key = Data("\"\(key)\":\"".utf8)
    guard let found = beginning.range(of: key + Data("\(digits)\"".utf8)) else { return nil }
    return found.lowerBound + key.count..<found.upperBound - 1
  }
}
