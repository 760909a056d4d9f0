import Foundation
import Support

/// What many files looked like before they were read: their sizes and times, and those of the folders
/// that they are in, so that a file which is added shows as well.
struct Looks: Codable, Equatable {
  /// Where names that are no full paths begin.
  let folder: String
  /// With a line end between two.
  private let names: String
  /// The `Checksum` of sizes and times.
  private let checksum: String

  /// - Parameter paths: of which those below `folder` are told by the rest of their path.
  /// - Returns: nil where some are so young that a later change might not show.
  init?(at paths: [String], in folder: String) {
    let names = paths.map { PathText.below(folder, $0) }
    guard !names.contains(where: { $0.utf8.contains(0x0A) }),
      let checksum = Self.checksum(names, in: folder, isSettled: true)
    else { return nil }
    (self.folder, self.names, self.checksum) = (folder, names.joined(separator: "\n"), checksum)
  }

  /// Whether they look the same now.
  var areSame: Bool {
    let names = names.utf8.split(separator: 0x0A).map { String(Substring($0)) }
    return Self.checksum(names, in: folder, isSettled: false) == checksum
  }

  /// - Parameter isSettled: whether one that is too young has no checksum.
  private static func checksum(_ names: [String], in folder: String, isSettled: Bool) -> String? {
    // One after the other: there may be millions.
    let paths = names.lazy.map { $0.hasPrefix("/") ? $0 : "\(folder)/\($0)" }
    let folders = Set(paths.map(PathText.folder)).union([folder]).sorted()
    return checksum(of: [AnySequence(paths), AnySequence(folders)].joined(), isSettled: isSettled)
  }

  /// - Parameter readsSmall: whether files of up to a megabyte are told by their content as well.
  private static func checksum(
    of paths: some Sequence<String>, isSettled: Bool, readsSmall: Bool = false
  ) -> String? {
    var looks: [Int] = []
    for path in paths {
      let stamp = FileStamp(path)
      if isSettled && stamp?.isSettled == false { return nil }
      looks += [stamp?.size ?? -1, stamp?.modified ?? -1]
      if readsSmall, let stamp, stamp.size <= StageRecord.small {
        looks.append(
          (try? Checksum(file: path)).map { Int(truncatingIfNeeded: $0.leading) } ?? -1)
      }
    }
    return looks.withUnsafeBytes { "\(Checksum($0))" }
  }

  /// Of the files of a cache, but for those that come and go where it is read.
  ///
  /// - Parameter isSettled: whether a cache with files that are too young has no checksum.
  static func cache(_ path: String, isSettled: Bool) -> String? {
    let files = names(below: path).filter { name in
      !["-shm", "-wal", "lock"].contains { name.hasSuffix($0) }
    }
    return checksum(of: files.map { "\(path)/\($0)" }, isSettled: isSettled, readsSmall: true)
      .map { "\(files.count) \($0)" }
  }

  /// The files in a folder and in those below it, in an order that does not depend on the machine.
  static func names(below path: String) -> [String] {
    let names = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
    return names.filter { !Files.isFolder("\(path)/\($0)") }.sorted()
  }
}
