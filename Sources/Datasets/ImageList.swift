import Foundation
import Support

/// A text file that names images, one a line; blank lines and lines that begin with '#' are passed
/// over, and an image may be named twice.
///
/// Pascal VOC's lists of a category, `2008_000008 -1`, work as well: images that they say are
/// without the category, by -1, are left out.
struct ImageList {
  /// What a list may call an image. Where a name fits several, one that fits in full goes first.
  struct Names {
    var full: [String]
    var short: [String]
  }

  fileprivate struct Line {
    let number: Int
    let text: String
    /// Without VOC's mark.
    let unmarked: String?
    let isMarkedAbsent: Bool
  }

  private let path: String
  private let lines: [Line]

  /// - Throws: `InputError` for a file that cannot be read, is not UTF-8, or names nothing.
  init(path: String) throws(InputError) {
    self.path = path
    let text = try Files.readText(path, as: "a list of images")
    lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated().compactMap { index, line in
        let text = line.trimmingCharacters(in: .whitespaces)
        return text.isEmpty || text.hasPrefix("#") ? nil : Line(number: index + 1, text: text)
      }
    guard !lines.isEmpty else {
      throw InputError(
        .badData, "the list names no image", at: path,
        expected: "a file name or an id a line, such as 000000391895.jpg")
    }
  }

  /// The positions of the images that the list names.
  ///
  /// - Parameters:
  ///   - images: what may be called how.
  ///   - source: the annotations, to name in errors.
  /// - Throws: `InputError` for lines that name no image, or might mean several.
  func positions(of images: [Names], in source: String) throws(InputError) -> Set<Int> {
    let found = Found(images, wanted: Set(lines.flatMap { [$0.text, $0.unmarked ?? $0.text] }))
    var chosen = Set<Int>()
    var unknown = [Line]()
    for line in lines {
      guard let (name, position) = found[line.text] ?? line.unmarked.flatMap({ found[$0] }) else {
        unknown.append(line)
        continue
      }
      if let other = found.rival(of: name) {
        throw InputError(
          .badData, "the name might mean two images", at: "\(path) line \(line.number)",
          expected: "'\(images[position].full[0])' or '\(images[other].full[0])'",
          got: "'\(name)'", hint: "give the file name in full")
      }
      if name != line.unmarked || !line.isMarkedAbsent { chosen.insert(position) }
    }
    if let first = unknown.first {
      let known = images.flatMap { $0.full + $0.short }
      let nearest = nearestName(to: first.unmarked ?? first.text, among: known)
      throw InputError(
        .badData,
        unknown.count == 1
          ? "the annotations have no such image"
          : "the annotations have none of \(unknown.count.counted("image")), the first of them this",
        at: "\(path) line \(first.number)", expected: "an image of \(source)",
        got: "'\(first.text)'", hint: nearest.map { "is it '\($0)'?" })
    }
    guard !chosen.isEmpty else {
      throw InputError(
        .badData, "the list marks every image as absent", at: path, expected: "lines without -1")
    }
    return chosen
  }
}

extension ImageList.Line {
  fileprivate init(number: Int, text: String) {
    let last = text.lastIndex(where: \.isWhitespace)
    let mark = last.map { text[text.index(after: $0)...] } ?? ""
    let isMarked = ["-1", "0", "1"].contains(mark)
    self.init(
      number: number, text: text,
      unmarked: isMarked ? last.map { text[..<$0].trimmingCharacters(in: .whitespaces) } : nil,
      isMarkedAbsent: mark == "-1")
  }
}

/// Where the wanted names were found.
private struct Found {
  private var places: [String: (position: Int, isFull: Bool, rival: Int?)] = [:]

  init(_ images: [ImageList.Names], wanted: Set<String>) {
    for (position, image) in images.enumerated() {
      for name in image.full where wanted.contains(name) { add(name, position, isFull: true) }
      for name in image.short where wanted.contains(name) { add(name, position, isFull: false) }
    }
  }

  private mutating func add(_ name: String, _ position: Int, isFull: Bool) {
    guard let earlier = places[name], earlier.isFull || !isFull else {
      places[name] = (position, isFull, nil)
      return
    }
    if earlier.isFull == isFull, earlier.position != position { places[name]!.rival = position }
  }

  subscript(name: String) -> (name: String, position: Int)? {
    places[name].map { (name, $0.position) }
  }

  /// Another image that is called so.
  func rival(of name: String) -> Int? { places[name]?.rival }
}
