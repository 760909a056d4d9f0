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
    let labels = header.labelSet.map(\.jsonLiteral).joined(separator: ",")
    let line = SealedJSON.sealed(
      "{\"format\":\"\(ProposalsHeader.format)\",\"version\":\(ProposalsHeader.version)"
        + ",\"label_set\":[\(labels)],\"source\":\(header.source.jsonLiteral)"
        + ",\"nms\":\(header.nms),\"top\":\(header.top),\"images\":\(header.images)}")
    try file.write(line + "\n")
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
      return "[\(box.x0),\(box.y0),\(box.x1),\(box.y1)]"
    }
    let scores = proposals.regions.map { "\($0.score)" }
    return SealedJSON.sealed(
      "{\"image_id\":\(proposals.imageID),\"boxes\":[\(boxes.joined(separator: ","))]"
        + ",\"scores\":[\(scores.joined(separator: ","))]}") + "\n"
  }

  /// Publishes the file.
  ///
  /// - Precondition: as many images were appended as the header says.
  public func finish() throws(InputError) {
    precondition(written.count == header.images, "the header counts the images")
    try file.publish()
  }
}
