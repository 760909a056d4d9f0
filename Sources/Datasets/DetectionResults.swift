public import Regions
public import Support

/// Detections of a data set's images in COCO's results form, with masks that stay in the file until
/// they are asked for.
public struct DetectionResults: Sendable {
  /// In the file's order.
  public let records: [DetectionRecord]
  private let text: DatasetText
  private let passedOver: PassedOver

  /// Detections that are in memory, with their masks.
  public init(_ records: [DetectionRecord]) {
    self.records = records
    text = DatasetText([], path: "detections")
    passedOver = PassedOver()
  }

  /// Reads `[{"image_id", "category_id", "bbox", "score", "segmentation"}, ...]`; a detection has a
  /// box, a mask or both. Other keys are passed over.
  ///
  /// A detection's area is its box's, and its mask's only where the file gives no box: so does
  /// `pycocotools`.
  /// - Parameters:
  ///   - dataset: what the detections are of.
  ///   - passedOver: is told of detections of a category that the data set has not. They stay among
  ///     the records, where they take up places of a limited number, and count for nothing else:
  ///     so have it `pycocotools` and `lvis-api`.
  /// - Throws: `InputError` that names the record, `[12].image_id`, also for an image that the data set
  ///   has not and a mask of another size than its image.
  public init(
    path: String, of dataset: COCODataset, passingOver passedOver: PassedOver = PassedOver()
  ) throws(InputError) {
    let text = try DatasetText(path: path)
    let categories = Set(dataset.categories.map(\.id))
    var cursor = JSONCursor(text, passingOver: passedOver)
    records = try cursor.readArray { (cursor) throws(InputError) in
      let fields = try DetectionFields(from: &cursor)
      guard let image = dataset.image(fields.imageID) else {
        throw cursor.fault(
          "the data set has no such image", member: ".image_id", got: "\(fields.imageID)")
      }
      let category = try cursor.require(fields.categoryID, "category_id")
      if !categories.contains(category) {
        let stranger = cursor.fault(
          "the data set has no such category", member: ".category_id", got: "\(category)")
        try passedOver.add(stranger, as: "category_id")
      }
      if let size = fields.maskSize, image.hasSize, size != [image.height, image.width] {
        throw cursor.fault(
          "a mask of another size than its image", member: ".segmentation.size",
          expected: "\([image.height, image.width])", got: "\(size)")
      }
      guard fields.bbox == nil, let range = fields.segmentation else {
        return try fields.record(cursor)
      }
      var part = JSONCursor(try text[range], within: cursor, member: "segmentation")
      return try fields.record(around: part.readMask(of: image))
    }
    try cursor.expectEnd()
    self.text = text
    self.passedOver = passedOver
  }

  /// What errors call `records[index]`.
  package func place(of index: Int) -> String { "\(text.path): [\(index)]" }

  /// The mask of `records[index]`; nil where it has none. Safe to call from several threads.
  ///
  /// - Parameter image: the detection's.
  /// - Throws: `InputError` that names the record.
  public func mask(at index: Int, in image: COCODataset.Image) throws(InputError) -> Mask? {
    let record = records[index]
    guard let range = record.segmentation else { return record.mask }
    var cursor = JSONCursor(
      try text[range], file: text.path, at: [.index(index), .key("segmentation")],
      passingOver: passedOver)
    return try cursor.readMask(of: image)
  }
}

/// What the file says of one detection.
struct DetectionFields {
  var imageID: Int
  /// Nil where the file does not say: proposals are of none.
  var categoryID: Int?
  var bbox: [Double]?
  var score: Double
  /// The bytes of the mask.
  var segmentation: Range<Int>?
  /// Height and width, where the mask is made of run lengths.
  var maskSize: [Int]?

  init(from cursor: inout JSONCursor) throws(InputError) {
    var imageID, categoryID: Int?
    var score: Double?
    var bbox: [Double]?
    var segmentation: Range<Int>?
    var maskSize: [Int]?
    try cursor.readObject { cursor, key throws(InputError) in
      switch key {
      case "image_id": imageID = try cursor.readInt()
      case "category_id":
        categoryID = try cursor.readUnlessNull { c throws(InputError) in try c.readInt() }
      case "bbox":
        bbox = try cursor.readUnlessNull { c throws(InputError) in try c.readBbox() }
      case "score": score = try cursor.readDouble()
      case "segmentation": (segmentation, maskSize) = try cursor.skipMask()
      default: try cursor.skipValue()
      }
    }
    self.imageID = try cursor.require(imageID, "image_id")
    self.categoryID = categoryID
    self.score = try cursor.require(score, "score")
    self.bbox = segmentation != nil && bbox == [] ? nil : bbox
    self.segmentation = segmentation
    self.maskSize = maskSize
  }

  /// - Parameter cursor: on the detection, to name it in errors.
  func record(_ cursor: JSONCursor) throws(InputError) -> DetectionRecord {
    var record = DetectionRecord(
      imageID: imageID, categoryID: categoryID ?? 0, bbox: try cursor.require(bbox, "bbox"),
      score: score)
    record.segmentation = segmentation
    if let problem = record.problem {
      throw cursor.fault(
        problem, member: ".bbox", expected: "x, y, width, height in pixels",
        got: "\(record.bbox)")
    }
    return record
  }

  /// The box that the file does not give is drawn around the mask.
  func record(around mask: Mask) -> DetectionRecord {
    let bounds = mask.bounds ?? PixelRect(x0: 0, y0: 0, x1: 0, y1: 0)
    var record = DetectionRecord(
      imageID: imageID, categoryID: categoryID ?? 0,
      bbox: [bounds.x0, bounds.y0, bounds.x1 - bounds.x0, bounds.y1 - bounds.y0].map(Double.init),
      score: score)
    record.segmentation = segmentation
    record.maskArea = Double(mask.area)
    return record
  }
}

extension JSONCursor {
  /// Passes over a mask; its bytes, or nil where it is null or an empty list, and the size that run
  /// lengths state.
  fileprivate mutating func skipMask() throws(InputError) -> (Range<Int>?, size: [Int]?) {
    guard next == UInt8(ascii: "{") else { return (try skipOutline(), nil) }
    let start = offset
    var size: [Int]?
    try readObject { cursor, key throws(InputError) in
      if key == "size" { size = try cursor.readIDs() } else { try cursor.skipValue() }
    }
    return (start..<offset, size)
  }
}
