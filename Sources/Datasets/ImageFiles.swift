import Foundation
public import Support

/// Where the files of a data set's images are, looked for once.
///
/// LVIS v1 gives addresses such as `.../train2017/000000391895.jpg`, and its validation images come
/// from two folders of COCO: a file is looked for in the folder of images and then in the folder of
/// that name inside it. A name that is not there is looked for in other spellings as well: accents as
/// one character or two, `\` and `%20` for what they may stand for, and a full path.
public struct ImageFiles: Sendable {
  /// The folder that file names start from.
  public let folder: String
  /// How many are found under another spelling of their name, in words; nil where none is.
  public let note: String?
  /// Those that are not at the annotated name below `folder`, by the images' ids.
  private let others: [Int: String]

  /// - Throws: `InputError` (`missingInput`) with the first few that are missing and their number.
  public init(of dataset: COCODataset, in folder: String) throws(InputError) {
    self.folder = folder
    var others: [Int: String] = [:]
    var missing: [String] = []
    var spelled: [FileSpelling: Int] = [:]
    for image in dataset.images where !Files.exists("\(folder)/\(image.fileName)") {
      guard let found = Self.find(image, in: folder) else {
        missing.append(image.fileName)
        continue
      }
      others[image.id] = found.path
      if let spelling = found.spelling { spelled[spelling, default: 0] += 1 }
    }
    if let first = missing.first {
      throw Self.missing(missing, first, of: dataset.images.count, in: folder)
    }
    self.others = others
    let parts = FileSpelling.allCases.compactMap { spelling in
      spelled[spelling].map { "\($0) \(spelling.words)" }
    }
    note =
      parts.isEmpty
      ? nil : "file names that are spelled otherwise on disk: \(parts.joined(separator: ", "))"
  }

  /// The file of an image, in full.
  public func path(of image: COCODataset.Image) -> String {
    others[image.id] ?? "\(folder)/\(image.fileName)"
  }

  private static func missing(
    _ missing: [String], _ first: String, of count: Int, in folder: String
  ) -> InputError {
    let shown = missing.prefix(3).joined(separator: ", ")
    let tried = FileSpelling.allCases.first { $0.isSeen(in: first) }
    return InputError(
      .missingInput,
      "\(missing.count) of \(count.counted("image is", "images are")) missing", at: folder,
      expected: missing.count > 3 ? "\(shown), ..." : missing.count > 1 ? shown : first,
      hint: "give the folder that the annotations' file names start from"
        + (tried.map { "; the first name is \($0.seen), which was tried as well" } ?? ""))
  }

  /// A file that is not where its name says; nil where it is nowhere.
  private static func find(
    _ image: COCODataset.Image, in folder: String
  ) -> (path: String, spelling: FileSpelling?)? {
    if let inner = image.addressFolder {
      let inside = "\(folder)/\(inner)/\(image.fileName)"
      if Files.exists(inside) { return (inside, nil) }
    }
    for spelling in FileSpelling.allCases {
      for name in spelling.others(of: image.fileName) {
        let path = PathText.join(folder, name)
        if Files.exists(path) { return (path, spelling) }
      }
    }
    return nil
  }
}

/// How an annotated file name may differ from the file's.
private enum FileSpelling: CaseIterable {
  /// An accent as a character of its own, or not.
  case accents
  case backslashes
  case percents
  case absolute

  /// Begins with the count of such names.
  var words: String {
    switch self {
    case .accents: "with accents in another form of Unicode"
    case .backslashes: "with slashes for backslashes"
    case .percents: "with characters for %XX"
    case .absolute: "are full paths"
    }
  }

  /// What such a name is.
  var seen: String {
    switch self {
    case .accents: "one with accents"
    case .backslashes: "one with backslashes"
    case .percents: "one with %XX"
    case .absolute: "a full path"
    }
  }

  func isSeen(in name: String) -> Bool {
    self == .absolute ? name.utf8.first == UInt8(ascii: "/") : !others(of: name).isEmpty
  }

  /// The other spellings of `name` that are to be tried, its own not among them.
  func others(of name: String) -> [String] {
    let names: [String]
    switch self {
    case .accents: names = Self.forms(of: name)
    case .backslashes: names = Self.forms(of: Self.slashed(name))
    case .percents:
      names = [name, Self.slashed(name)].compactMap(\.removingPercentEncoding)
        .flatMap(Self.forms)
    case .absolute: return name.utf8.first == UInt8(ascii: "/") ? [name] : []
    }
    // To `String` the forms are equal.
    return names.filter { !$0.utf8.elementsEqual(name.utf8) && !$0.utf8.contains(0) }
  }

  /// As it is, and with accents in either form.
  private static func forms(of name: String) -> [String] {
    [
      name, name.precomposedStringWithCanonicalMapping, name.decomposedStringWithCanonicalMapping,
    ]
  }

  private static func slashed(_ name: String) -> String {
    String(
      decoding: name.utf8.map { $0 == UInt8(ascii: "\\") ? UInt8(ascii: "/") : $0 }, as: UTF8.self)
  }
}
