public import Regions
public import Support

#if canImport(Glibc)
  import Glibc
#endif

/// The proposals of a data set with where they come from, whatever file they are read from or
/// written to: `vild-proposals` JSON Lines or COCO results.
public struct ProposalsFile: Equatable, Sendable {
  /// Where the boxes come from.
  public var header: ProposalsHeader
  /// One entry an image, those without proposals too.
  public var images: [Proposals]

  /// - Precondition: `header.images` is the number of images.
  public init(header: ProposalsHeader, images: [Proposals]) {
    precondition(header.images == images.count)
    self.header = header
    self.images = images
  }

  /// Whether the file at `path` is COCO results: a list, where our own format has objects.
  ///
  /// - Throws: `InputError` when it cannot be read or is empty.
  public static func isCOCOResults(path: String) throws(InputError) -> Bool {
    let file = try OpenFile(path, O_RDONLY)
    var byte: UInt8 = 0
    while true {
      let count = Glibc.read(file.descriptor, &byte, 1)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .system("cannot read", at: path) }
      guard count == 1 else {
        throw InputError(.badData, "the file is empty", at: path, expected: "proposals")
      }
      if !" \t\r\n".utf8.contains(byte) { return byte == UInt8(ascii: "[") }
    }
  }

  /// Reads JSON Lines.
  ///
  /// - Parameter imageIDs: the images of the data set, in whose order the entries come; one that
  ///   the file has not has no proposals. Nil takes the file's own images.
  /// - Throws: `InputError`, also for an image not in `imageIDs`.
  public init(path: String, imageIDs: [Int]? = nil) throws(InputError) {
    let reader = try ProposalsReader(path: path)
    header = reader.header
    images = try reader.readAll()
    guard let imageIDs else { return }
    var entries = Dictionary(uniqueKeysWithValues: images.map { ($0.imageID, $0) })
    images = imageIDs.map {
      entries.removeValue(forKey: $0) ?? Proposals(imageID: $0, boxes: [], scores: [])
    }
    if let stranger = entries.keys.min() {
      throw InputError(.badData, "the data set has no such image", at: path, got: "\(stranger)")
    }
    header.images = images.count
  }

  /// Reads COCO results, which do not say where they come from.
  ///
  /// - Parameters:
  ///   - imageIDs: the images of the data set; one without a record has no proposals.
  ///   - labelSet: names of the categories that the proposal network was trained on.
  ///   - source: what made the boxes.
  ///   - nms: the IoU above which a worse box was dropped; 1 where none was.
  /// - Throws: `InputError` that names the record.
  public init(
    results path: String, imageIDs: [Int], labelSet: [String], source: String, nms: Double
  ) throws(InputError) {
    images = try Proposals.readCOCOResults(path: path, imageIDs: imageIDs)
    header = ProposalsHeader(
      labelSet: labelSet, source: source, nms: nms, top: images.map(\.boxes.count).max() ?? 0,
      images: images.count)
  }

  /// The number of boxes.
  public var boxes: Int { images.reduce(0) { $0 + $1.boxes.count } }

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
