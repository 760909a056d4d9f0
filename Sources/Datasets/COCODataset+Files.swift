import Foundation
public import Support

extension COCODataset {
  /// Checks that every image's file is in `imageFolder`.
  ///
  /// - Returns: how many are found under another spelling of their name, in words; nil where none is.
  /// - Throws: `InputError` (`missingInput`) with the first few that are missing and their number.
  @discardableResult
  public func validateFiles(imageFolder: String) throws(InputError) -> String? {
    var missing: [String] = []
    var spelled: [FileSpelling: Int] = [:]
    for image in images {
      switch Self.find(image, in: imageFolder) {
      case nil: missing.append(image.fileName)
      case (_, let spelling?)?: spelled[spelling, default: 0] += 1
      case (_, nil)?: break
      }
    }
    guard let first = missing.first else {
      let parts = FileSpelling.allCases.compactMap { spelling in
        spelled[spelling].map { "\($0) \(spelling.words)" }
      }
      return parts.isEmpty
        ? nil : "file names that are spelled otherwise on disk: \(parts.joined(separator: ", "))"
    }
    let shown = missing.prefix(3).joined(separator: ", ")
    let tried = FileSpelling.allCases.first { $0.isSeen(in: first) }
    throw InputError(
      .missingInput, "\(missing.count) of \(images.count) images are missing", at: imageFolder,
      expected: missing.count > 3 ? "\(shown), ..." : missing.count > 1 ? shown : first,
      hint: "give the folder that the annotations' file names start from"
        + (tried.map { "; the first name is \($0.seen), which was tried as well" } ?? ""))
  }

  /// The file of an image, in full.
  ///
  /// LVIS v1 gives addresses such as `.../train2017/000000391895.jpg`, and its validation images
  /// come from two folders of COCO: the file is looked for in `imageFolder` and then in the folder
  /// of that name inside it. A name that is not there is looked for in other spellings as well:
  /// accents as one character or two, `\` and `%20` for what they may stand for, and a full path.
  public static func path(of image: Image, in imageFolder: String) -> String {
    find(image, in: imageFolder)?.path ?? "\(imageFolder)/\(image.fileName)"
  }

  /// Nil for a file that is not there; no spelling for one that is called as annotated.
  private static func find(
    _ image: Image, in imageFolder: String
  ) -> (path: String, spelling: FileSpelling?)? {
    let path = "\(imageFolder)/\(image.fileName)"
    if Files.exists(path) { return (path, nil) }
    if let folder = image.addressFolder {
      let inside = "\(imageFolder)/\(folder)/\(image.fileName)"
      if Files.exists(inside) { return (inside, nil) }
    }
    for spelling in FileSpelling.allCases {
      for name in spelling.others(of: image.fileName) {
        let path = PathText.join(imageFolder, name)
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
