import Foundation
public import Support

/// Pascal VOC's annotations: an XML file an image in a folder `Annotations`, and lists of images such
/// as `ImageSets/Main/test.txt`.
public enum PascalVOC {
  /// Whether `path` is a folder, or a list of images, rather than a JSON file.
  public static func isAnnotations(_ path: String) -> Bool {
    path.hasSuffix(".txt") || Files.isFolder(path)
  }

  /// The XML files of a folder, or of the images that a list names, in the list's order.
  ///
  /// Hidden files are left out, such as those that macOS puts beside others (`._a.xml`). A list lies
  /// two folders deep beside `Annotations`; its lines are names, which may hold spaces, and perhaps
  /// a mark after the name, as in `2008_000008 -1`.
  /// - Throws: `InputError` when there are none.
  public static func files(_ path: String) throws(InputError) -> [String] {
    var files: [String]
    if Files.isFolder(path) {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
      files = names.filter { !$0.hasPrefix(".") && $0.lowercased().hasSuffix(".xml") }.sorted()
        .map { "\(path)/\($0)" }
    } else {
      let folder = URL(filePath: path).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Annotations").path
      files = try Files.readText(path, as: "a list of images").split(whereSeparator: \.isNewline)
        .map { $0.trimmingCharacters(in: .whitespaces) }
        .filter { !$0.isEmpty && !$0.hasPrefix("#") }
        .map { file(ofLine: $0, in: folder) }
    }
    guard !files.isEmpty else {
      throw InputError(
        .badData, "no annotations", at: path,
        expected: "XML files of Pascal VOC, or a list of images beside them")
    }
    return files
  }

  /// The first that is there of what a line may mean: a name, or a name and a mark. Where none is, the
  /// name without what looks like a mark.
  private static func file(ofLine line: String, in folder: String) -> String {
    let words = line.split(whereSeparator: \.isWhitespace)
    let isMarked = words.count > 1 && ["-1", "0", "1"].contains(words[words.count - 1])
    let end = isMarked ? words[words.count - 2].endIndex : line.endIndex
    let names = [line, String(line[..<end]), words.first.map(String.init) ?? line]
    let files = names.flatMap { name in [".xml", ".XML"].map { "\(folder)/\(name)\($0)" } }
    return files.first(where: Files.exists) ?? "\(folder)/\(names[1]).xml"
  }
}

extension PascalVOC {
  /// Its twenty categories. Where no other is annotated all are known, so that ids and splits do not
  /// depend on what is in the images that are read.
  static let categories = [
    "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
    "diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train",
    "tvmonitor",
  ]

  /// The files of the images that `list` names, by the place they have in `files`.
  fileprivate static func places(
    of files: [String], on list: ImageList?, in source: String
  ) throws(InputError) -> [Int] {
    guard let list else { return Array(files.indices) }
    let names = files.map { file in
      let stem = PathText.withoutEnding(PathText.name(of: file))
      let short = ["jpg", "JPG", "jpeg", "png", "xml"].map { "\(stem).\($0)" }
      return ImageList.Names(full: [stem], short: short)
    }
    return try list.positions(of: names, in: source).sorted()
  }
}

extension COCODataset {
  /// Reads Pascal VOC's XML files.
  ///
  /// A box includes its last column and row, and counts from 1: here it becomes the pixels' edges.
  /// An image's id is its place in `PascalVOC.files`, from 1, whether or not `list` leaves others
  /// out; categories are numbered in the order of the alphabet: VOC's twenty, or where there are others
  /// those of the objects.
  /// - Parameter list: of the images to read, by the names of their XML files; nil for all.
  /// - Throws: `InputError` that names the file and the element.
  init(voc path: String, on list: ImageList? = nil) throws(InputError) {
    let files = try PascalVOC.files(path)
    let places = try PascalVOC.places(of: files, on: list, in: path)
    let pages = try places.map { place throws(InputError) in
      (id: place + 1, file: try PascalVOCFile(path: files[place]))
    }
    let found = Set(pages.flatMap { $0.file.objects.map(\.name) })
    let names = found.isSubset(of: PascalVOC.categories) ? PascalVOC.categories : found.sorted()
    let ids = Dictionary(uniqueKeysWithValues: zip(names, 1...))
    var annotations = Annotations()
    for page in pages {
      for object in page.file.objects {
        var annotation = Annotation(
          id: annotations.count + 1, imageID: page.id, categoryID: ids[object.name] ?? 0,
          bbox: object.bbox, area: object.bbox[2] * object.bbox[3])
        annotation.isIgnored = object.isDifficult
        annotations.append(annotation)
      }
    }
    try self.init(
      images: pages.map {
        Image(id: $0.id, fileName: $0.file.fileName, width: $0.file.width, height: $0.file.height)
      }, annotations: annotations,
      categories: names.enumerated().map { Category(id: $0.offset + 1, name: $0.element) },
      source: path, text: nil, passingOver: PassedOver(isStrict: true))
    annotationFiles = places.map { files[$0] }
    omittedImageIDs = Set(1...files.count).subtracting(pages.map(\.id))
  }
}
