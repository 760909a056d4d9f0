import Foundation
import Support

/// Paths of images, one a line, or with a zero byte behind each, as `find -print0` has them. Empty lines
/// and lines that begin with '#' are passed over.
///
/// A path is bytes, and need not be UTF-8 (`PathText`). The text is read in pieces.
struct PathList {
  /// Without "./" at the start, and in full where they have a part "..", sorted by their bytes, each
  /// once; at least one.
  let paths: [String]
  /// How many were there before.
  let repeated: Int

  /// No path is longer on any system; a file without line ends must not fill the memory.
  private static let longest = 1 << 16

  /// - Parameters:
  ///   - name: of the file in errors.
  ///   - folder: where paths that are not full ones begin.
  /// - Throws: `InputError` for a file that cannot be read, or that names nothing.
  init(path: String, calling name: String, in folder: String) throws(InputError) {
    let stream = try ByteStream(path: path)
    var paths: [String] = []
    var left: [UInt8] = []
    var separator: UInt8?
    var line = 0
    func add(_ bytes: ArraySlice<UInt8>) throws(InputError) {
      line += 1
      var bytes = bytes
      if separator != 0, bytes.last == 0x0D { bytes.removeLast() }
      let isComment = separator != 0 && bytes.first == UInt8(ascii: "#")
      if bytes.isEmpty || isComment { return }
      guard !bytes.contains(0) else {
        throw InputError(
          .badData, "a path with a zero byte", at: "\(name) line \(line)",
          expected: "a path a line, or a zero byte behind each")
      }
      while bytes.starts(with: "./".utf8) { bytes.removeFirst(2) }
      if bytes.isEmpty { return }
      paths.append(Self.withoutParents(PathText.text(of: Array(bytes)), in: folder))
    }
    while true {
      let piece = try stream.read(1 << 18)
      if piece.isEmpty { break }
      left += piece
      if separator == nil {
        separator = left.first { $0 == 0 || $0 == 0x0A }
        if separator == nil && left.count <= Self.longest { continue }
      }
      var start = 0
      while let end = left[start...].firstIndex(of: separator ?? 0x0A) {
        try add(left[start..<end])
        start = end + 1
      }
      left.removeFirst(start)
      guard left.count <= Self.longest else {
        throw InputError(
          .badData, "not a list of images", at: "\(name) line \(line + 1)",
          expected: "a path a line", got: "more than \(Self.longest) bytes without an end")
      }
    }
    try add(left[...])
    guard !paths.isEmpty else {
      throw InputError(
        .badData, "the list names no image", at: name, expected: "a path a line")
    }
    paths.sort(by: precedes)
    let count = paths.count
    var kept = 0
    for index in paths.indices
    where index == 0 || !paths[index].utf8.elementsEqual(paths[kept - 1].utf8) {
      paths[kept] = paths[index]
      kept += 1
    }
    paths.removeLast(count - kept)
    self.paths = paths
    repeated = count - kept
  }

  /// A path that names its image wherever it is put below another folder, as that of the pictures: where
  /// it has a part "..", the full path without.
  static func withoutParents(_ path: String, in folder: String) -> String {
    let slash = UInt8(ascii: "/")
    guard path.utf8.split(separator: slash).contains(where: { $0.elementsEqual("..".utf8) }) else {
      return path
    }
    let working = FileManager.default.currentDirectoryPath
    let full = PathText.join(PathText.join(working, folder), path)
    var parts: [String] = []
    for part in full.utf8.split(separator: slash).map({ String(Substring($0)) }) where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
  }
}
