import Datasets
import Regions
public import Support

/// Detections in the form that COCO's tools read.
public enum COCOResults {
  /// How much was exported.
  public struct Summary: Hashable, Sendable {
    /// Images that were looked at.
    public var images = 0
    /// Images that failed and are in neither file.
    public var failures = 0
    /// Detections of all images.
    public var detections = 0
  }

  /// Writes a finished detections file as COCO results, and beside them what the ids mean:
  /// `{"images": [{id, file_name, width, height}], "categories": [{id, name}]}`.
  ///
  /// Each file appears under its name when it is complete, the results last. Memory grows with the
  /// images' ids only.
  /// - Parameters:
  ///   - detections: a `DetectionFile`.
  ///   - categoryIDs: a data set's id of each category of the vocabulary; 1, 2, ... without.
  /// - Throws: `InputError` when the detections file is malformed or a file cannot be written; `Stopped`
  ///   after a signal.
  public static func export(
    _ detections: String, to results: String, images: String, categoryIDs: [Int]? = nil
  ) throws -> Summary {
    let reader = try DetectionFile.Reader(path: detections)
    let categories = reader.header.categories
    let ids = categoryIDs ?? Array(1..<categories.count + 1)
    precondition(ids.count == categories.count, "one id a category")
    let resultsFile = try DetectionWriter(path: results)
    let imagesFile = try ImageList(path: images)
    var summary = Summary()
    let rows = reader.rows
    typealias Text = (image: String, detections: DetectionWriter.Text, count: Int)
    let line = WorkLine<DetectionFile.Line, Text?, any Error> { line in
      let row = try rows.row(line)
      guard case .detected(let found, let width, let height) = row.outcome else { return nil }
      let image = JSONText.object([
        ("id", .number(row.id)), ("file_name", .string(row.image)), ("width", .number(width)),
        ("height", .number(height)),
      ])
      let records = found.map {
        DetectionRecord(
          imageID: row.id, categoryID: ids[$0.category], bbox: $0.box.xywh,
          score: Double($0.score), mask: $0.mask)
      }
      return (image.description, try DetectionWriter.Text(records), found.count)
    }
    try line.run(next: reader.nextLine) { text in
      guard let text else {
        summary.failures += 1
        return
      }
      try imagesFile.append(text.image)
      try resultsFile.append(text.detections)
      summary.images += 1
      summary.detections += text.count
    }
    try imagesFile.finish(
      categories: zip(ids, categories).map { id, name in
        .object([("id", .number(id)), ("name", .string(name))])
      })
    try resultsFile.finish()
    return summary
  }
}

/// COCO's lists of images and categories, written piece by piece and published whole.
private final class ImageList {
  private let file: PartFile
  private var isEmpty = true

  init(path: String) throws(InputError) {
    file = try PartFile(path: path)
    try file.write("{\"images\":[")
  }

  func append(_ image: String) throws(InputError) {
    try file.write("\(isEmpty ? "" : ",")\n\(image)")
    isEmpty = false
  }

  /// Adds the categories and publishes.
  func finish(categories: [JSONText]) throws(InputError) {
    let lines = categories.map(\.description).joined(separator: ",\n")
    try file.write("\n],\"categories\":[\n\(lines)\n]}\n")
    try file.publish()
  }
}
