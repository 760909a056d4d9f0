import Datasets
import Foundation
import Regions
public import Support

#if canImport(Glibc)
  import Glibc
#endif

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
  /// - Throws: `InputError` when the detections file is malformed or a file cannot be written.
  public static func export(
    _ detections: String, to results: String, images: String, categoryIDs: [Int]? = nil
  ) throws(InputError) -> Summary {
    let reader = try DetectionFile.Reader(path: detections)
    let categories = reader.header.categories
    let ids = categoryIDs ?? Array(1..<categories.count + 1)
    precondition(ids.count == categories.count, "one id a category")
    let resultsFile = try DetectionWriter(path: results)
    let imagesFile = try ImageList(path: images)
    var summary = Summary()
    while let row = try reader.next() {
      guard case .detected(let found, let width, let height) = row.outcome else {
        summary.failures += 1
        continue
      }
      try imagesFile.append(
        "{\"id\":\(row.id),\"file_name\":\(row.image.jsonLiteral)"
          + ",\"width\":\(width),\"height\":\(height)}")
      for detection in found {
        try resultsFile.append(
          DetectionRecord(
            imageID: row.id, categoryID: ids[detection.category], bbox: detection.box.xywh,
            score: Double(detection.score)))
      }
      summary.images += 1
      summary.detections += found.count
    }
    try imagesFile.finish(
      categories: zip(ids, categories).map { "{\"id\":\($0),\"name\":\($1.jsonLiteral)}" })
    try resultsFile.finish()
    return summary
  }
}

/// COCO's lists of images and categories, written piece by piece and published whole.
private final class ImageList {
  private let path: String
  private let part: String
  private var descriptor: Int32
  private var buffer = Data("{\"images\":[".utf8)
  private var isEmpty = true

  init(path: String) throws(InputError) {
    self.path = path
    part = "\(path).\(getpid()).part"
    descriptor = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .system("cannot write", at: path) }
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    unlink(part)
  }

  func append(_ image: String) throws(InputError) {
    buffer.append(contentsOf: "\(isEmpty ? "" : ",")\n\(image)".utf8)
    isEmpty = false
    if buffer.count >= 1 << 20 { try flush() }
  }

  /// Adds the categories and publishes: fsync, rename, fsync of the folder.
  func finish(categories: [String]) throws(InputError) {
    let list = categories.joined(separator: ",\n")
    buffer.append(contentsOf: "\n],\"categories\":[\n\(list)\n]}\n".utf8)
    try flush()
    guard fsync(descriptor) == 0, rename(part, path) == 0 else {
      throw .system("cannot write", at: path)
    }
    close(descriptor)
    descriptor = -1
    try Files.syncFolder(of: path)
  }

  private func flush() throws(InputError) {
    try Files.writeAll(buffer, to: descriptor, path: path)
    buffer.removeAll(keepingCapacity: true)
  }
}
