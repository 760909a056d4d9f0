public import Regions
public import Support

extension Proposals {
  /// Reads COCO results as proposals, all of them; see `SortedResults`.
  ///
  /// - Parameters:
  ///   - given: the file.
  ///   - imageIDs: the images wanted; one without a record has no proposals.
  ///   - top: how many to keep per image.
  ///   - passedOver: is told of boxes of other images.
  /// - Returns: one entry per image in the order of `imageIDs`, best first, ties in file order.
  /// - Throws: `InputError` as `SortedResults`.
  public static func readCOCOResults(
    _ given: GivenProposals, imageIDs: [Int], top: Int = .max,
    passingOver passedOver: PassedOver = PassedOver()
  ) throws(InputError) -> [Proposals] {
    let results = try SortedResults(given, imageIDs: imageIDs, passingOver: passedOver)
    return try imageIDs.map { id throws(InputError) in
      var proposals = try results.proposals(of: id)
      proposals.regions = Array(proposals.regions.prefix(top))
      return proposals
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
