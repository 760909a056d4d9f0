public import Regions
public import Support

/// The proposals of a file of JSON lines, image by image. Only where each image's line stands is in
/// memory, so that thirty million boxes take a few bytes an image. The file is kept open: one that is
/// replaced meanwhile is still read as it was. Safe to use from several threads.
public struct ProposalsIndex: Sendable {
  /// An image of the file.
  public struct Entry: Sendable {
    /// The data set's id.
    public let imageID: Int
    /// How many boxes it has.
    public let count: Int
    fileprivate let line: ProposalsReader.Line
  }

  /// The file's first line.
  public let header: ProposalsHeader
  /// One an image, in the file's order.
  public let images: [Entry]
  private let reader: ProposalsReader.Lines

  /// Reads the whole file once, checking everything.
  ///
  /// - Parameter visit: is called with each image's proposals, in the file's order.
  /// - Throws: `InputError` as `ProposalsReader.next`.
  public init(path: String, visiting visit: (Proposals) -> Void) throws(InputError) {
    let reader = try ProposalsReader(path: path)
    var images: [Entry] = []
    while let proposals = try reader.next() {
      images.append(
        Entry(imageID: proposals.imageID, count: proposals.regions.count, line: reader.line))
      visit(proposals)
    }
    self.init(reader, images)
  }

  /// Reads the whole file once, checking everything, and keeps some images.
  ///
  /// - Parameters:
  ///   - imageIDs: the images of the data set; nil for all.
  ///   - passedOver: is told of images that are not among them.
  /// - Throws: `InputError`, also for a file with none of the images.
  init(
    _ given: GivenProposals, imageIDs: [Int]?, passingOver passedOver: PassedOver
  ) throws(InputError) {
    let reader = try ProposalsReader(given)
    var images: [Entry] = []
    try reader.forEach(of: imageIDs, passingOver: passedOver) { proposals in
      images.append(
        Entry(imageID: proposals.imageID, count: proposals.regions.count, line: reader.line))
    }
    self.init(reader, images)
  }

  /// The images whose lines are certainly what was written, of a file that may be damaged, and the
  /// numbers of the other lines.
  ///
  /// - Throws: `InputError` for a file without a sound header.
  package static func sound(
    path: String
  ) throws(InputError) -> (index: ProposalsIndex, damagedLines: [Int]) {
    let reader = try ProposalsReader(path: path)
    var images: [Entry] = []
    let damaged = reader.readSound { proposals in
      images.append(
        Entry(imageID: proposals.imageID, count: proposals.regions.count, line: reader.line))
    }
    return (ProposalsIndex(reader, images), damaged)
  }

  private init(_ reader: ProposalsReader, _ images: [Entry]) {
    (header, self.images, self.reader) = (reader.header, images, reader.content)
  }

  /// The proposals of an image, best first.
  ///
  /// - Throws: `InputError` for a line that is not what it was.
  public func proposals(of entry: Entry) throws(InputError) -> Proposals {
    try reader.proposals(at: entry.line)
  }
}
