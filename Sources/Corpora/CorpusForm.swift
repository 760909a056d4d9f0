public import Support

/// What a word that stands for a corpus is, told without reading it.
enum CorpusForm {
  /// A list that can be read once.
  case stream
  /// A list whose paths begin in a folder.
  case list(in: String)
  /// Annotations whose images are in a folder.
  case annotations(images: String)
  /// Tar files.
  case shards
  case folder

  /// - Parameters: as those of `ImageCorpus`.
  /// - Throws: `InputError` (`usage`) for annotations without a folder, and a folder without annotations.
  init(_ path: String, images: String?) throws(InputError) {
    let isJSON = PathText.ending(of: path) == "json" && !Files.isFolder(path)
    guard isJSON == (images != nil) else {
      throw InputError(
        .usage,
        isJSON ? "annotations do not say where their images are" : "only annotations need images",
        at: path, hint: isJSON ? "give the folder with --images" : "leave --images out")
    }
    if path == "-" || Files.isStream(path) {
      self = .stream
    } else if let images {
      self = .annotations(images: images)
    } else if ShardPattern.isPattern(path) {
      self = .shards
    } else if Files.exists(path) && !Files.isFolder(path) {
      let folder = PathText.folder(of: path)
      self = .list(in: folder.isEmpty ? "." : folder)
    } else {
      self = .folder
    }
  }

  static func require(folder: String) throws(InputError) {
    guard Files.isFolder(folder) else {
      throw InputError(
        .missingInput, "no such folder", at: folder, expected: "the folder of the images")
    }
  }
}

extension ImageSource {
  /// Where the images of a corpus are whose names are known: as `ImageCorpus.source`, but nothing is
  /// listed or read, except for the headers of tar files.
  ///
  /// - Parameters: as those of `ImageCorpus`.
  /// - Throws: `InputError` for a folder that is missing, and tar files that cannot be read.
  public init(ofCorpus path: String, images: String? = nil) throws(InputError) {
    let folder: String
    switch try CorpusForm(path, images: images) {
    case .stream: folder = "."
    case .list(let start): folder = start
    case .annotations(let images): folder = images
    case .shards:
      self = .tars(try TarMembers(of: ShardPattern(path).files))
      return
    case .folder: folder = path
    }
    try CorpusForm.require(folder: folder)
    self = .folder(folder)
  }
}
