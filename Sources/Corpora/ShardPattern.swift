import Foundation
import Support

/// Tar files by one word, as WebDataset's users write them: "shards/{000..099}.tar", "{train,val}-*.tar".
///
/// Braces hold a range of numbers, with zeros before them as in its ends, or words between commas, and
/// may be several, not one in another; each file that they name must be there. A star in the last name
/// stands for what is there.
struct ShardPattern {
  /// By their names; at least one.
  let files: [String]

  /// The most files that braces may name.
  private static let most = 1_000_000

  /// Whether a word is meant as one.
  static func isPattern(_ path: String) -> Bool {
    PathText.ending(of: path) == "tar" && !Files.isFolder(path)
  }

  /// - Throws: `InputError` for braces that say nothing, and files that are missing.
  init(_ pattern: String) throws(InputError) {
    // A name that is there needs no reading of braces.
    if Files.exists(pattern) {
      files = [pattern]
      return
    }
    var files: [String] = []
    for path in try Self.expanded(pattern) { files += try Self.matches(of: path) }
    if let missing = files.first(where: { !Files.exists($0) }) {
      let count = files.filter { !Files.exists($0) }.count
      throw InputError(
        .missingInput,
        "\(count) of \(files.count.counted("tar file is", "tar files are")) missing", at: pattern,
        expected: missing)
    }
    self.files = files
  }

  private static func expanded(_ pattern: String) throws(InputError) -> [String] {
    guard let open = pattern.firstIndex(of: "{") else { return [pattern] }
    guard let close = pattern[open...].firstIndex(of: "}") else {
      throw InputError(.usage, "a brace that nothing closes", at: pattern)
    }
    let words = try self.words(pattern[pattern.index(after: open)..<close], in: pattern)
    let rest = try expanded(String(pattern[pattern.index(after: close)...]))
    guard words.count * rest.count <= most else {
      throw InputError(
        .usage, "too many tar files", at: pattern, expected: "at most \(most)",
        got: "\(words.count * rest.count)")
    }
    let start = pattern[..<open]
    return words.flatMap { word in rest.map { "\(start)\(word)\($0)" } }
  }

  private static func words(
    _ text: Substring, in pattern: String
  ) throws(InputError) -> [String] {
    if text.contains(",") {
      return text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    let ends = text.components(separatedBy: "..")
    guard ends.count == 2, ends.allSatisfy({ !$0.isEmpty && $0.allSatisfy(\.isNumber) }),
      let first = Int(ends[0]), let last = Int(ends[1]), first <= last, last - first < most
    else {
      throw InputError(
        .usage, "braces that name nothing", at: pattern,
        expected: "a range such as {000..099}, or words such as {train,val}", got: "{\(text)}")
    }
    let isPadded = ends.contains { $0.count > 1 && $0.first == "0" }
    let width = isPadded ? ends.map(\.count).max() ?? 0 : 0
    return (first...last).map { number in
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
  }

  /// The path itself, or what is there where its name has stars.
  private static func matches(of path: String) throws(InputError) -> [String] {
    let name = PathText.name(of: path)
    guard name.contains("*") else { return [path] }
    let folder = PathText.folder(of: path)
    let parts = name.components(separatedBy: "*")
    let place = folder.isEmpty ? "." : folder
    let names = try? FileManager.default.contentsOfDirectory(atPath: place)
    let found = (names ?? []).filter { fits($0, parts) }.sorted()
    guard !found.isEmpty else {
      throw InputError(.missingInput, "no such tar files", at: path)
    }
    return found.map { folder.isEmpty ? $0 : PathText.join(folder, $0) }
  }

  /// Whether a name is the parts with anything between them.
  private static func fits(_ name: String, _ parts: [String]) -> Bool {
    guard name.hasPrefix(parts[0]), !name.hasPrefix(".") else { return false }
    var rest = name.dropFirst(parts[0].count)
    for part in parts.dropFirst().dropLast() where !part.isEmpty {
      guard let range = rest.range(of: part) else { return false }
      rest = rest[range.upperBound...]
    }
    return rest.hasSuffix(parts[parts.count - 1])
  }
}
