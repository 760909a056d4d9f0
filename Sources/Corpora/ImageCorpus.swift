import Datasets
import Foundation
public import Support

/// Images to label, as people have them: a folder, a list of paths, WebDataset's tar files, or COCO's
/// annotations with a folder. Each is told by its name, which stays when others come and go.
///
/// Memory and time before the first image follow the names: about 100 bytes each.
public struct ImageCorpus: Sendable {
  /// Sorted by their bytes, each once, at least one.
  public let names: [String]
  /// A data set's ids of the images, in the order of `names`; nil where they have none.
  public let ids: [Int]?
  /// Where they are read from.
  public let source: ImageSource
  /// The files whose looks tell whether anything has changed, below `folder` or with full paths.
  public let files: [String]
  /// Where `files` begin.
  public let folder: String
  /// What the user should know of it.
  public let notes: [String]

  private init(
    names: [String], ids: [Int]? = nil, source: ImageSource, files: [String], in folder: String,
    notes: [String] = []
  ) {
    (self.names, self.ids, self.source) = (names, ids, source)
    (self.files, self.folder, self.notes) = (files, folder, notes)
  }

  /// - Parameters:
  ///   - path: a folder; a list, "-" for the one on standard input; a tar file or a pattern of them
  ///     (`ShardPattern`); or a JSON file.
  ///   - images: the folder of a JSON file's images; nil for all else.
  /// - Throws: `InputError` for what cannot be read or names no image.
  public init(_ path: String, images: String? = nil) throws(InputError) {
    switch try CorpusForm(path, images: images) {
    case .stream:
      let isInput = path == "-"
      try self.init(
        list: isInput ? "/dev/stdin" : path, calling: isInput ? Self.input : path, in: ".",
        isRead: true)
    case .annotations(let images): try self.init(annotations: path, in: images)
    case .shards: try self.init(shards: path)
    case .list(let folder): try self.init(list: path, calling: path, in: folder)
    case .folder: try self.init(folder: path)
    }
  }

  /// What tells a corpus from others, whatever images it has at the moment; nothing is read.
  public static func place(_ path: String, images: String? = nil) -> String {
    if path == "-" || Files.isStream(path) { return "\(input) in \(full("."))" }
    return images.map { "\(full(path)) in \(full($0))" } ?? full(path)
  }

  private static let input = "standard input"

  private static func full(_ path: String) -> String {
    URL(filePath: path).standardizedFileURL.path
  }

  private init(folder: String) throws(InputError) {
    let corpus = try Corpus(folder: folder)
    self.init(
      names: corpus.files, source: .folder(folder), files: corpus.files, in: folder,
      notes: corpus.leftOutWords.map { ["left out, not read here: \($0)"] } ?? [])
  }

  /// - Parameters:
  ///   - folder: where paths that are not full ones begin.
  ///   - isRead: whether the list is nowhere any more, as what came through a pipe.
  private init(
    list path: String, calling name: String, in folder: String, isRead: Bool = false
  ) throws(InputError) {
    let list = try PathList(path: path, calling: name, in: folder)
    self.init(
      names: list.paths, source: .folder(folder),
      files: list.paths + (isRead ? [] : [Self.full(path)]), in: folder,
      notes: list.repeated == 0
        ? [] : ["\(list.repeated.counted("path is", "paths are")) given again, and passed over"])
  }

  private init(shards pattern: String) throws(InputError) {
    let shards = try ShardPattern(pattern).files
    let members = try TarMembers(of: shards)
    let folder = PathText.folder(of: pattern)
    self.init(
      names: members.names, source: .tars(members), files: shards.map(Self.full),
      in: folder.isEmpty ? "." : folder)
  }

  private init(annotations: String, in folder: String) throws(InputError) {
    try CorpusForm.require(folder: folder)
    var seen = Set<Int>()
    var images = try COCODataset.images(path: annotations).map { image throws(InputError) in
      guard seen.insert(image.id).inserted else {
        throw InputError(
          .badData, "an image id is given twice", at: annotations, got: "\(image.id)")
      }
      return (id: image.id, name: Self.name(of: image, in: folder))
    }
    guard !images.isEmpty else {
      throw InputError(.badData, "no images", at: annotations, expected: "a list 'images'")
    }
    seen = []
    images.sort { precedes($0.name, $1.name) }
    if let index = images.indices.dropFirst().first(where: {
      images[$0].name.utf8.elementsEqual(images[$0 - 1].name.utf8)
    }) {
      throw InputError(
        .badData, "two images have one file", at: annotations, got: "'\(images[index].name)'")
    }
    let names = images.map(\.name)
    self.init(
      names: names, ids: images.map(\.id), source: .folder(folder),
      files: names + [Self.full(annotations)], in: folder)
  }

  /// Below the folder; LVIS v1's images may be in folders of COCO's inside.
  private static func name(of image: COCODataset.Image, in folder: String) -> String {
    guard let inner = image.addressFolder, !Files.exists("\(folder)/\(image.fileName)") else {
      return PathList.withoutParents(image.fileName, in: folder)
    }
    let name = "\(inner)/\(image.fileName)"
    return Files.exists("\(folder)/\(name)") ? name : image.fileName
  }
}
