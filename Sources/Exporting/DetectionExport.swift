import Detection
import Foundation
public import Support

/// Detections of a finished detections file, some or all of them, in a form that other programs load.
///
/// Derived from the file alone, whose pixels are not looked at; several threads work on it, and memory
/// grows neither with the images nor with the detections. The output appears when it is whole, in the
/// place of an earlier one; broken off, the same export begins anew.
public struct DetectionExport: Sendable {
  /// How much was exported.
  public struct Summary: Equatable, Sendable {
    /// Images of the output, with detections or without.
    public var images = 0
    /// Images that failed, which the output is without.
    public var failures = 0
    /// Detections of the output.
    public var detections = 0
    /// Detections of the same images that were not chosen, or lie outside their image.
    public var leftOut = 0
    /// The least score in the output; nil without detections.
    public var leastScore: Float?
  }

  /// What belongs to some formats only.
  public struct Options: Sendable {
    /// The vocabulary's ids for COCO and LVIS; nil for 1, 2, ...
    public var categoryIDs: [Int]?
    /// The folder of the images, which a folder format gets a link to; nil for no link.
    public var images: String?
    /// What stands before an image's name in its address for Label Studio; nil for its local files.
    public var imagePrefix: String?

    public init(
      categoryIDs: [Int]? = nil, images: String? = nil, imagePrefix: String? = nil
    ) {
      (self.categoryIDs, self.images, self.imagePrefix) = (categoryIDs, images, imagePrefix)
    }
  }

  private let path: String
  private let format: DetectionFormat
  private let choice: DetectionChoice
  private let options: Options

  /// - Parameter path: of a `DetectionFile`.
  public init(
    of path: String, as format: DetectionFormat, choosing choice: DetectionChoice,
    _ options: Options = Options()
  ) {
    (self.path, self.format, self.choice, self.options) = (path, format, choice, options)
  }

  /// - Parameters:
  ///   - output: a file or, as `format.isFolder` says, a folder; the folders that it is in are made.
  ///   - isSound: asked before the output gets its name; what it throws leaves everything as it was.
  ///   - advance: called after each image with the bytes that it has in the detections file.
  /// - Throws: `InputError`: a detections file that is damaged or malformed, detections or names that
  ///   the format has no form for (`badData`), something else where the output goes (`cannotCreate`);
  ///   `Stopped` after a signal.
  public func write(
    to output: String, isSound: () throws -> Void = {}, advance: (_ bytes: Int) -> Void = { _ in }
  ) throws -> Summary {
    let reader = try DetectionFile.Reader(path: path)
    let names = reader.header
    let scores = choice.scores(of: names.categories)
    let writer = try writer(to: output, names)
    var summary = Summary()
    let (choice, render, rows) = (choice, writer.render, reader.rows)
    let line = WorkLine<DetectionFile.Line, Exported, any Error> { line in
      let row = try rows.row(line)
      guard case .detected(let found, let width, let height) = row.outcome else {
        return (line.length, nil)
      }
      let image = ExportedImage(
        id: row.id, name: row.image, width: width, height: height,
        chosen: choice.detections(of: found, from: scores))
      return (
        line.length,
        (
          try render(image), found.count, image.detections.count,
          image.detections.map(\.score).min()
        )
      )
    }
    try line.run(next: { try reader.nextLine() }) { length, exported in
      if let (piece, found, chosen, least) = exported {
        try writer.append(piece)
        summary.images += 1
        summary.detections += chosen
        summary.leftOut += found - chosen
        summary.leastScore = [summary.leastScore, least].compactMap(\.self).min()
      } else {
        summary.failures += 1
      }
      advance(length)
    }
    try isSound()
    try writer.publish()
    return summary
  }

  /// An image's bytes, and its piece with its detections found and chosen and the least score of these;
  /// nil for one that failed.
  private typealias Exported = (
    length: Int, image: (piece: ExportPiece, found: Int, chosen: Int, least: Float?)?
  )

  private func writer(
    to output: String, _ names: DetectionFile.Header
  ) throws(InputError) -> any ExportWriter {
    guard format.isFolder else {
      guard !Files.isFolder(output) else {
        throw InputError(
          .cannotCreate, "the export cannot go here", at: output, expected: "a file",
          got: "a folder", hint: "\(format.rawValue) is one file; name it")
      }
      let folder = PathText.folder(of: output)
      if !folder.isEmpty { try Files.createFolder(folder) }
      return try fileWriter(to: output, names)
    }
    let folder = try ExportFolder(
      output,
      summary: .object([
        ("format", .string("vild-export")), ("version", .number(1)),
        ("as", .string(format.rawValue)), ("detections", .string(path)),
      ]))
    if let images = options.images, let name = format.imageFolder {
      try folder.link(name, to: URL(filePath: images).standardizedFileURL.path)
    }
    return format == .voc
      ? try VOCExport(folder: folder, categories: names.categories)
      : try YOLOExport(
        folder: folder, categories: names.categories, isSegmentation: format == .yoloSegmentation)
  }

  private func fileWriter(
    to output: String, _ names: DetectionFile.Header
  ) throws(InputError) -> any ExportWriter {
    switch format {
    case .coco, .lvis:
      let ids = options.categoryIDs ?? Array(1..<names.categories.count + 1)
      precondition(ids.count == names.categories.count, "one id a category")
      return try COCOExport(path: output, names: names, ids: ids, isLVIS: format == .lvis)
    case .labelStudio:
      return try LabelStudioExport(
        path: output, names: names, prefix: options.imagePrefix ?? LabelStudioExport.prefix)
    case .cvat: return try CVATExport(path: output, names: names)
    case .csv: return try CSVExport(path: output, names: names)
    case .yolo, .yoloSegmentation, .voc: preconditionFailure("a folder")
    }
  }
}
