public import Regions
public import Support

/// The proposals of a data set with where they come from, whatever file they are read from or
/// written to: `vild-proposals` JSON Lines or COCO results.
public struct ProposalsFile: Equatable, Sendable {
  /// Where the boxes come from.
  public var header: ProposalsHeader
  /// One entry per image, those without proposals too.
  public var images: [Proposals]

  /// - Precondition: `header.images` is the number of images.
  public init(header: ProposalsHeader, images: [Proposals]) {
    precondition(header.images == images.count)
    self.header = header
    self.images = images
  }

  /// Reads JSON Lines.
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
    let reader = try ProposalsReader(given)
    header = reader.header
    guard let imageIDs else {
      images = try reader.readAll()
      return
    }
    var entries: [Int: Proposals] = [:]
    try reader.forEach(of: imageIDs, passingOver: passedOver) { entries[$0.imageID] = $0 }
    images = imageIDs.map { entries[$0] ?? Proposals(imageID: $0) }
    header.images = images.count
  }

  /// Reads COCO results, which do not say where they come from.
  ///
  /// - Parameters:
  ///   - given: the file.
  ///   - imageIDs: the images of the data set; one without a record has no proposals.
  ///   - labelSet: names of the categories that the proposal network was trained on.
  ///   - source: what made the boxes.
  ///   - nms: the IoU above which a worse box was dropped; 1 where none was.
  ///   - passedOver: is told of boxes of other images.
  /// - Throws: `InputError` that names the record.
  public init(
    results given: GivenProposals, imageIDs: [Int], labelSet: [String], source: String,
    nms: Double, passingOver passedOver: PassedOver = PassedOver()
  ) throws(InputError) {
    images = try Proposals.readCOCOResults(given, imageIDs: imageIDs, passingOver: passedOver)
    header = ProposalsHeader(
      labelSet: labelSet, source: source, nms: nms, top: images.map(\.regions.count).max() ?? 0,
      images: images.count)
  }

  /// The number of boxes.
  public var boxes: Int { images.reduce(0) { $0 + $1.regions.count } }

  /// The file with the proposals that pass; every image stays.
  public func filtered(by filter: ProposalsFilter) -> ProposalsFile {
    var file = self
    file.images = images.map(filter.kept)
    file.header.top = min(header.top, filter.top)
    return file
  }

  /// Writes JSON Lines.
  ///
  /// - Throws: `InputError` for a full disk, an inverted box and the like.
  public func write(to path: String) throws(InputError) {
    let writer = try ProposalsWriter(path: path, header: header)
    for image in images { try writer.append(image) }
    try writer.finish()
  }

  /// Writes COCO results of category 1. They hold neither the header nor images without proposals.
  ///
  /// - Throws: `InputError` when the file cannot be written.
  public func writeCOCOResults(to path: String) throws(InputError) {
    try Proposals.writeCOCOResults(images, path: path)
  }
}
