public import Regions
public import Support

/// One detection in COCO's results form.
public struct DetectionRecord: Hashable, Sendable {
  /// The data set's image id.
  public var imageID: Int
  /// The data set's category id.
  public var categoryID: Int
  /// Left, top, width, height in pixels of the original image.
  public var bbox: [Double]
  /// Larger is surer; any finite number.
  public var score: Double
  /// Of the image's size, where there is one; not read from files.
  public var mask: Mask?

  /// - Parameter bbox: left, top, width, height in pixels.
  public init(
    imageID: Int, categoryID: Int, bbox: [Double], score: Double, mask: Mask? = nil
  ) {
    self.imageID = imageID
    self.categoryID = categoryID
    self.bbox = bbox
    self.score = score
    self.mask = mask
  }

  /// What is wrong with it; nil when it can be written and evaluated.
  package var problem: String? {
    score.isFinite ? Datasets.problem(ofBbox: bbox) : "a score that is not finite"
  }

  /// Reads COCO results, `[{"image_id", "category_id", "bbox", "score"}, ...]`; other keys, such as
  /// masks, are passed over.
  ///
  /// - Parameter dataset: what the detections are of.
  /// - Throws: `InputError` that names the record, `[12].image_id`, also for an image or category
  ///   the data set has not.
  public static func read(
    path: String, of dataset: COCODataset
  ) throws(InputError) -> [DetectionRecord] {
    let categories = Set(dataset.categories.map(\.id))
    return try readResults(path: path) { (record, cursor) throws(InputError) in
      guard dataset.image(record.imageID) != nil else {
        throw cursor.fault(
          "the data set has no such image", member: ".image_id", got: "\(record.imageID)")
      }
      guard categories.contains(record.categoryID) else {
        throw cursor.fault(
          "the data set has no such category", member: ".category_id",
          got: "\(record.categoryID)")
      }
    }
  }

  /// - Parameter check: looks at a record, with the cursor on it to name it in errors.
  static func readResults(
    path: String,
    _ check: (DetectionRecord, JSONCursor) throws(InputError) -> Void
  ) throws(InputError) -> [DetectionRecord] {
    var cursor = JSONCursor([UInt8](try Files.read(path)), file: path)
    let records = try cursor.readArray { (cursor) throws(InputError) in
      let record = try DetectionRecord(from: &cursor)
      try check(record, cursor)
      return record
    }
    try cursor.expectEnd()
    return records
  }

  private init(from cursor: inout JSONCursor) throws(InputError) {
    var imageID, categoryID: Int?
    var bbox: [Double]?
    var score: Double?
    try cursor.readObject { cursor, key throws(InputError) in
      switch key {
      case "image_id": imageID = try cursor.readInt()
      case "category_id": categoryID = try cursor.readInt()
      case "bbox": bbox = try cursor.readBbox()
      case "score": score = try cursor.readDouble()
      default: try cursor.skipValue()
      }
    }
    self.init(
      imageID: try cursor.require(imageID, "image_id"),
      categoryID: try cursor.require(categoryID, "category_id"),
      bbox: try cursor.require(bbox, "bbox"), score: try cursor.require(score, "score"))
    if let problem {
      throw cursor.fault(
        problem, member: ".bbox", expected: "x, y, width, height in pixels",
        got: "\(self.bbox)")
    }
  }
}

/// Writes COCO results one detection at a time; numbers are the shortest that read back the same.
///
/// The file appears under its name when `finish` returns.
public final class DetectionWriter {
  private let file: PartFile
  private var isEmpty = true

  /// - Throws: `InputError` when the file cannot be made.
  public init(path: String) throws(InputError) {
    file = try PartFile(path: path)
    try file.write("[")
  }

  /// Appends one detection.
  ///
  /// - Throws: `InputError` when the disk is full or a number is not finite.
  public func append(_ record: DetectionRecord) throws(InputError) {
    if let problem = record.problem {
      throw InputError(
        .badData, "cannot write a detection of image \(record.imageID)", got: problem)
    }
    let bbox = record.bbox.map { "\($0)" }.joined(separator: ",")
    let segmentation = record.mask.map {
      ",\"segmentation\":{\"size\":[\($0.height),\($0.width)]"
        + ",\"counts\":\($0.compressed.jsonLiteral)}"
    }
    try file.write(
      (isEmpty ? "\n" : ",\n")
        + "{\"image_id\":\(record.imageID),\"category_id\":\(record.categoryID)"
        + ",\"bbox\":[\(bbox)],\"score\":\(record.score)\(segmentation ?? "")}")
    isEmpty = false
  }

  /// Ends the list and publishes the file.
  public func finish() throws(InputError) {
    try file.write(isEmpty ? "]\n" : "\n]\n")
    try file.publish()
  }
}
