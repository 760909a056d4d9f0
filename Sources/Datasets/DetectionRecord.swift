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
  /// Of the image's size, where there is one; of detections from a file `DetectionResults` reads it.
  public var mask: Mask?
  /// Which bytes of the file are the mask.
  var segmentation: Range<Int>?
  /// Square pixels of the mask, where the file gives no box.
  var maskArea: Double?

  /// Whether it has a mask, in memory or in its file.
  public var hasMask: Bool { mask != nil || segmentation != nil }

  /// In square pixels: the box's, as `pycocotools` has it, or the mask's where the file gives no box.
  public var area: Double { maskArea ?? bbox[2] * bbox[3] }

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
}

/// Writes COCO results; numbers are the shortest that read back the same.
///
/// The file appears under its name when `finish` returns.
public final class DetectionWriter {
  /// Detections as they stand in the file. Making it takes the time of writing; any thread may.
  public struct Text: Sendable {
    /// Each behind a comma and a line end.
    fileprivate let bytes: [UInt8]

    /// - Throws: `InputError` for a box or a score that is not finite.
    public init(_ records: [DetectionRecord]) throws(InputError) {
      var text = JSONBytes()
      text.reserve(160 * records.count)
      for record in records { try text.add(record) }
      bytes = text.bytes
    }
  }

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
  public func append(_ record: DetectionRecord) throws(InputError) { try append(Text([record])) }

  /// Appends detections.
  ///
  /// - Throws: `InputError` when the disk is full.
  public func append(_ text: Text) throws(InputError) {
    if text.bytes.isEmpty { return }
    try file.write(isEmpty ? Array(text.bytes.dropFirst()) : text.bytes)
    isEmpty = false
  }

  /// Ends the list and publishes the file.
  public func finish() throws(InputError) {
    try file.write(isEmpty ? "]\n" : "\n]\n")
    try file.publish()
  }
}

extension JSONBytes {
  fileprivate mutating func add(_ record: DetectionRecord) throws(InputError) {
    if let problem = record.problem {
      throw InputError(
        .badData, "cannot write a detection of image \(record.imageID)", got: problem)
    }
    add(",\n{\"image_id\":")
    add(record.imageID)
    add(",\"category_id\":")
    add(record.categoryID)
    add(",\"bbox\":[")
    for (index, number) in record.bbox.enumerated() {
      if index > 0 { add(",") }
      add(number)
    }
    add("],\"score\":")
    add(record.score)
    if let mask = record.mask {
      add(",\"segmentation\":")
      add(JSONText.runs(mask))
    }
    add("}")
  }
}

extension JSONText {
  /// A mask as COCO has it: its size and its compressed run lengths.
  package static func runs(_ mask: Mask) -> JSONText {
    .object([
      ("size", .array([.number(mask.height), .number(mask.width)])),
      ("counts", .string(mask.compressed)),
    ])
  }
}
