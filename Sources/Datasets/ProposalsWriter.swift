public import Regions
public import Support

/// Writes a proposals file: JSON Lines, the header and then one line per image.
///
/// The file appears under its name when `finish` returns; until then, and when the writer is
/// dropped, nothing is there.
public final class ProposalsWriter {
  private let file: PartFile
  private let header: ProposalsHeader
  private var written = Set<Int>()

  /// - Throws: `InputError` when the file cannot be made.
  public init(path: String, header: ProposalsHeader) throws(InputError) {
    self.header = header
    file = try PartFile(path: path)
    let line = JSONText.object([
      ("format", .string(ProposalsHeader.format)), ("version", .number(ProposalsHeader.version)),
      ("label_set", .array(header.labelSet.map(JSONText.string))),
      ("source", .string(header.source)), ("nms", .number(header.nms)),
      ("top", .number(header.top)), ("images", .number(header.images)),
    ])
    try file.write(SealedJSON.sealed(line) + "\n")
  }

  /// Appends the proposals of one image.
  ///
  /// - Precondition: an image not written before.
  /// - Throws: `InputError` when the disk is full, and for what a reader would refuse: a number
  ///   that is not finite, scores not sorted, more boxes than the header's `top`.
  public func append(_ proposals: Proposals) throws(InputError) {
    precondition(written.insert(proposals.imageID).inserted, "an image is written once")
    if let problem = proposals.problem(top: header.top) {
      throw InputError(
        .badData, "cannot write the proposals of image \(proposals.imageID)", got: problem.what)
    }
    try file.write(Self.line(of: proposals))
  }

  /// The line of an image.
  package static func line(of proposals: Proposals) -> String {
    let boxes = proposals.regions.map { region in
      let box = region.box
      return JSONText.array([.number(box.x0), .number(box.y0), .number(box.x1), .number(box.y1)])
    }
    let line = JSONText.object([
      ("image_id", .number(proposals.imageID)), ("boxes", .array(boxes)),
      ("scores", .array(proposals.regions.map { .number($0.score) })),
    ])
    return SealedJSON.sealed(line) + "\n"
  }

  /// Publishes the file.
  ///
  /// - Precondition: as many images were appended as the header says.
  public func finish() throws(InputError) {
    precondition(written.count == header.images, "the header counts the images")
    try file.publish()
  }
}
