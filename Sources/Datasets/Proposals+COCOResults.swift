public import Regions
public import Support

extension Proposals {
  /// Reads COCO results as proposals: what other projects write for class-agnostic boxes.
  ///
  /// - Parameters:
  ///   - imageIDs: the images wanted; one without a record has no proposals.
  ///   - top: how many to keep an image.
  /// - Returns: one entry an image in the order of `imageIDs`, best first, ties in file order.
  /// - Throws: `InputError` that names the record, also for an image not in `imageIDs` and a score
  ///   outside 0...1.
  public static func readCOCOResults(
    path: String, imageIDs: [Int], top: Int = .max
  ) throws(InputError) -> [Proposals] {
    let known = Set(imageIDs)
    var cursor = JSONCursor(try DatasetText(path: path))
    let records = try cursor.readArray { (cursor) throws(InputError) in
      let record = try DetectionFields(from: &cursor).record(cursor)
      guard known.contains(record.imageID) else {
        throw cursor.fault(
          "the data set has no such image", member: ".image_id", got: "\(record.imageID)")
      }
      guard (0...1).contains(record.score) else {
        throw cursor.fault(
          "not a proposal's score", member: ".score", expected: "0...1", got: "\(record.score)")
      }
      return record
    }
    try cursor.expectEnd()
    let ofImage = Dictionary(grouping: records, by: \.imageID)
    return imageIDs.map { id in
      let records = ofImage[id, default: []]
      let best = descendingOrder(records.map { Float($0.score) }).prefix(top)
      return Proposals(
        imageID: id,
        boxes: best.map { index in
          let bbox = records[index].bbox
          return Box(x: bbox[0], y: bbox[1], width: bbox[2], height: bbox[3])
        },
        scores: best.map { Float(records[$0].score) })
    }
  }

  /// Writes proposals as COCO results, all of them of category `categoryID`.
  ///
  /// - Throws: `InputError` when the file cannot be written or a number is not finite.
  public static func writeCOCOResults(
    _ proposals: [Proposals], path: String, categoryID: Int = 1
  ) throws(InputError) {
    let writer = try DetectionWriter(path: path)
    for image in proposals {
      for (box, score) in zip(image.boxes, image.scores) {
        try writer.append(
          DetectionRecord(
            imageID: image.imageID, categoryID: categoryID, bbox: box.xywh, score: Double(score)))
      }
    }
    try writer.finish()
  }
}
