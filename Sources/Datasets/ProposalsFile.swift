public import Regions
public import Support

/// A file of proposals in either form, `vild-proposals` JSON Lines or COCO results, with where they come
/// from. They stay on the disk and are read image by image. Safe to use from several threads.
public struct ProposalsFile: Sendable {
  /// Where the boxes come from; `images` counts `imageIDs`.
  public private(set) var header: ProposalsHeader
  /// Of all images, those without proposals too.
  public let imageIDs: [Int]
  private var read: @Sendable (Int) throws(InputError) -> Proposals

  /// Opens JSON Lines and reads them once, checking everything.
  ///
  /// - Parameters:
  ///   - given: the file.
  ///   - imageIDs: the images of the data set, in whose order the entries come; one that the file has
  ///     not has no proposals. Nil takes the file's own images.
  ///   - passedOver: is told of images that are not in `imageIDs`.
  /// - Throws: `InputError`, also for a file with none of the images.
  public init(
    _ given: GivenProposals, imageIDs: [Int]? = nil,
    passingOver passedOver: PassedOver = PassedOver()
  ) throws(InputError) {
    let index = try ProposalsIndex(given, imageIDs: imageIDs, passingOver: passedOver)
    self.imageIDs = imageIDs ?? index.images.map(\.imageID)
    header = index.header
    header.images = self.imageIDs.count
    let entries = Dictionary(uniqueKeysWithValues: index.images.map { ($0.imageID, $0) })
    read = { id throws(InputError) in
      if let entry = entries[id] { return try index.proposals(of: entry) }
      return Proposals(imageID: id)
    }
  }

  /// Opens COCO results, which do not say where they come from, and reads them once: `SortedResults`.
  ///
  /// - Parameters:
  ///   - given: the file.
  ///   - imageIDs: the images of the data set; one without a record has no proposals.
  ///   - labelSet: names of the categories that the proposal network was trained on.
  ///   - source: what made the boxes.
  ///   - nms: the IoU above which a worse box was dropped; 1 where none was.
  ///   - folder: where they are sorted; nil for the folder that TMPDIR names.
  ///   - passedOver: is told of boxes of other images.
  /// - Throws: `InputError` that names the record.
  public init(
    results given: GivenProposals, imageIDs: [Int], labelSet: [String], source: String,
    nms: Double, sortingIn folder: String? = nil,
    passingOver passedOver: PassedOver = PassedOver()
  ) throws(InputError) {
    let results = try SortedResults(
      given, imageIDs: imageIDs, in: folder, passingOver: passedOver)
    self.imageIDs = imageIDs
    header = ProposalsHeader(
      labelSet: labelSet, source: source, nms: nms, top: results.most, images: imageIDs.count)
    read = results.proposals
  }

  /// The proposals of an image that pass, best first; none of one that the file has not.
  ///
  /// - Throws: `InputError` where the file is not what it was.
  public func proposals(of imageID: Int) throws(InputError) -> Proposals {
    try read(imageID)
  }

  /// The file with the proposals that pass; every image stays.
  public func filtered(by filter: ProposalsFilter) -> ProposalsFile {
    var file = self
    file.read = { [read] id throws(InputError) in filter.kept(of: try read(id)) }
    file.header.top = min(header.top, filter.top)
    return file
  }

  /// Writes JSON Lines.
  ///
  /// - Throws: `InputError` for a full disk, an inverted box and the like.
  public func write(to path: String) throws(InputError) {
    let writer = try ProposalsWriter(path: path, header: header)
    for id in imageIDs { try writer.append(proposals(of: id)) }
    try writer.finish()
  }

  /// Writes COCO results of category 1. They hold neither the header nor images without proposals.
  ///
  /// - Throws: `InputError` when the file cannot be written.
  public func writeCOCOResults(to path: String) throws(InputError) {
    let writer = try DetectionWriter(path: path)
    for id in imageIDs {
      for region in try proposals(of: id).regions {
        try writer.append(
          DetectionRecord(
            imageID: id, categoryID: 1, bbox: region.box.xywh, score: Double(region.score)))
      }
    }
    try writer.finish()
  }
}
