public import Regions
public import Support

extension Proposals {
  /// Reads COCO results as proposals: what other projects write for class-agnostic boxes. A category
  /// may be there or not.
  ///
  /// - Parameters:
  ///   - given: the file.
  ///   - imageIDs: the images wanted; one without a record has no proposals.
  ///   - top: how many to keep per image.
  ///   - passedOver: is told of boxes of other images.
  /// - Returns: one entry per image in the order of `imageIDs`, best first, ties in file order.
  /// - Throws: `InputError` that names the record, also for a score outside 0...1, and for a file
  ///   without a box of any of the images.
  public static func readCOCOResults(
    _ given: GivenProposals, imageIDs: [Int], top: Int = .max,
    passingOver passedOver: PassedOver = PassedOver()
  ) throws(InputError) -> [Proposals] {
    let known = Set(imageIDs)
    var ofImage: [Int: [DetectionRecord]] = [:]
    var cursor = JSONCursor(given.text)
    var first: InputError?
    try cursor.readArray { cursor, _ throws(InputError) in
      let record = try DetectionFields(from: &cursor).record(cursor)
      guard (0...1).contains(record.score) else {
        throw cursor.fault(
          "not a proposal's score", member: ".score", expected: "0...1", got: "\(record.score)")
      }
      if known.contains(record.imageID) {
        ofImage[record.imageID, default: []].append(record)
      } else {
        let stranger = cursor.fault(
          "the data set has no such image", member: ".image_id", got: "\(record.imageID)")
        first = first ?? stranger
        try passedOver.add(stranger, as: "image_id")
      }
    }
    try cursor.expectEnd()
    if ofImage.isEmpty, let first { throw GivenProposals.noneFits(first) }
    return imageIDs.map { id in
      let records = ofImage[id, default: []]
      let best = descendingOrder(records.map { Float($0.score) }).prefix(top)
      return Proposals(
        imageID: id,
        regions: best.map { index in
          let (bbox, score) = (records[index].bbox, records[index].score)
          return Region(
            box: Box(x: bbox[0], y: bbox[1], width: bbox[2], height: bbox[3]), score: Float(score))
        })
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
      for region in image.regions {
        try writer.append(
          DetectionRecord(
            imageID: image.imageID, categoryID: categoryID, bbox: region.box.xywh,
            score: Double(region.score)))
      }
    }
    try writer.finish()
  }
}
