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
  /// A list lies two folders deep beside `Annotations`; of its lines the first word counts.
  /// - Throws: `InputError` when there are none.
  public static func files(_ path: String) throws(InputError) -> [String] {
    var files: [String]
    if Files.isFolder(path) {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
      files = names.filter { $0.hasSuffix(".xml") }.sorted().map { "\(path)/\($0)" }
    } else {
      let root = URL(filePath: path).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
      let lines = String(decoding: try Files.read(path), as: UTF8.self).split(
        whereSeparator: \.isNewline)
      files = lines.compactMap { $0.split(separator: " ").first }.map {
        root.appending(path: "Annotations/\($0).xml").path
      }
    }
    guard !files.isEmpty else {
      throw InputError(
        .badData, "no annotations", at: path,
        expected: "XML files of Pascal VOC, or a list of images beside them")
    }
    return files
  }
}

extension COCODataset {
  /// Reads Pascal VOC's XML files.
  ///
  /// A box includes its last column and row, and counts from 1: here it becomes the pixels' edges.
  /// Images are numbered in the order of `PascalVOC.files`, categories in that of the alphabet.
  /// - Throws: `InputError` that names the file and the element.
  init(voc path: String) throws(InputError) {
    let files = try PascalVOC.files(path)
    let pages = try files.map { file throws(InputError) in try PascalVOCFile(path: file) }
    let names = Set(pages.flatMap { $0.objects.map(\.name) }).sorted()
    let ids = Dictionary(uniqueKeysWithValues: zip(names, 1...))
    var annotations: [Annotation] = []
    for (index, page) in pages.enumerated() {
      for object in page.objects {
        var annotation = Annotation(
          id: annotations.count + 1, imageID: index + 1, categoryID: ids[object.name] ?? 0,
          bbox: object.bbox, area: object.bbox[2] * object.bbox[3])
        annotation.isIgnored = object.isDifficult
        annotations.append(annotation)
      }
    }
    try self.init(
      images: pages.enumerated().map {
        Image(
          id: $0.offset + 1, fileName: $0.element.fileName, width: $0.element.width,
          height: $0.element.height)
      }, annotations: annotations,
      categories: names.enumerated().map { Category(id: $0.offset + 1, name: $0.element) },
      source: path)
    isVOC = true
  }
}
