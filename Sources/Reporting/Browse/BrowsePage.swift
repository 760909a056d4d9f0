import Detection
import Images
import Support

/// A labelled corpus as one HTML file that needs nothing else: how often each name is given, how its
/// scores are spread, some of its crops, the images with most objects, and what failed.
///
/// Made of a finished detections file and its images, each of which is read once, in their order. The
/// page is at most `mostBytes` long, whatever the corpus; memory follows the vocabulary. The same inputs
/// give the same bytes. It appears when it is whole; broken off, it begins anew.
public struct BrowsePage: Sendable {
  /// What the page says of where it comes from.
  public struct Words: Sendable {
    public var title: String
    /// From which scores on detections count, as in "detections of ...".
    public var thresholds: String
    /// What makes the page again.
    public var command: String

    public init(title: String, thresholds: String, command: String) {
      (self.title, self.thresholds, self.command) = (title, thresholds, command)
    }
  }

  /// How far the page is.
  public enum Step: Sendable {
    /// So many more bytes of the detections file were read.
    case read(bytes: Int)
    /// All were; so many images will be looked at.
    case chosen(images: Int)
    /// One more image was.
    case cut(isMissing: Bool)
  }

  /// What is in the page.
  public struct Summary: Equatable, Sendable {
    /// Images and detections of the file, and those that failed.
    public var images = 0, detections = 0, failures = 0
    /// Detections from the thresholds on.
    public var confident = 0
    /// Crops in the page.
    public var crops = 0
    /// Images that were to be shown and could not be had, and why the first could not.
    public var missing = 0
    public var firstMissing: String?
    /// How long the page is.
    public var bytes = 0
  }

  /// How long a page is at most.
  public static let mostBytes = 20_000_000
  /// What names and histograms may take of that, and each of the images with most objects.
  private static let mostOfNames = 6_000_000
  private static let mostOfFigure = 80_000
  /// What stands around crops and images.
  private static let mostBetween = 2_000

  private let path: String
  private let images: BrowsedImages
  let thresholds: [Float]
  let words: Words
  /// Of the labels on whole images: how much room they take.
  let font: LabelFont
  private let mostBytes: Int

  /// - Parameters:
  ///   - path: of a finished `DetectionFile`.
  ///   - thresholds: from which score on detections count, one a name of its header; infinite where none
  ///     does.
  public init(
    of path: String, images: BrowsedImages, thresholds: [Float], _ words: Words
  ) {
    self.init(of: path, images: images, thresholds: thresholds, words, mostBytes: Self.mostBytes)
  }

  /// - Parameter mostBytes: at least 100,000.
  package init(
    of path: String, images: BrowsedImages, thresholds: [Float], _ words: Words, mostBytes: Int
  ) {
    (self.path, self.images, self.thresholds) = (path, images, thresholds)
    (self.words, self.mostBytes) = (words, mostBytes)
    // Letters that are missing there are the reader's to have.
    font = .installed(for: []) { _ in }
  }

  /// - Parameters:
  ///   - isSound: asked before the page gets its name; what it throws leaves everything as it was.
  /// - Throws: `InputError`: a detections file that is damaged or malformed (`badData`), a page that
  ///   cannot be written; `Stopped` after a signal. An image that cannot be had is shown as such.
  public func write(
    to output: String, isSound: () throws -> Void = {}, advance: (Step) -> Void = { _ in }
  ) throws -> Summary {
    let reader = try DetectionFile.Reader(path: path)
    let vocabulary = reader.header.categories
    precondition(vocabulary.count == thresholds.count, "a threshold a name")
    let census = try census(reader, advance)
    let names = NameList(census, vocabulary, atMost: min(Self.mostOfNames, mostBytes / 3))
    let page = try CountedFile(output)
    try page.write(head(census, names))
    let busy = census.busiest.elements.map(\.place.image)
    let room =
      mostBytes - page.bytes - end(census, names, .richest).utf8.count - Self.mostBetween
      - busy.count * figureBytes
    let plan = CropPlan(names: names.given, bytes: room)
    let crops = census.crops(by: plan)
    let wanted = Set(crops.keys).union(busy)
    advance(.chosen(images: wanted.count))
    var allowance = CropAllowance(bytes: room, crops: crops.values.reduce(0) { $0 + $1.count })
    var figures: [Int: HTML] = [:]
    var summary = Summary(census)
    var separator = ""
    try cut(wanted, crops: crops, busy: Set(busy), side: plan.side) { image, pieces in
      for (chosen, crop) in pieces.crops {
        let (text, hasPicture) = allowance.text(of: chosen, crop, in: pieces)
        try page.write(separator + text)
        separator = ",\n"
        if hasPicture { summary.crops += 1 }
      }
      if busy.contains(image) {
        figures[image] = figure(of: pieces, vocabulary, atMost: figureBytes)
      }
      if let failure = pieces.failure {
        summary.missing += 1
        summary.firstMissing = summary.firstMissing ?? "\(pieces.row.image): \(failure)"
      }
      advance(.cut(isMissing: pieces.failure != nil))
    }
    try page.write("]</script>\n")
    try page.write(imagesSection(busy.compactMap { figures[$0] }))
    try page.write(end(census, names, plan))
    summary.bytes = page.bytes
    precondition(page.bytes <= mostBytes, "what is written was measured before")
    try isSound()
    try page.publish()
    return summary
  }

  private var figureBytes: Int { min(Self.mostOfFigure, mostBytes / 40) }

  /// The first time the file is read: everything is counted.
  private func census(
    _ reader: DetectionFile.Reader, _ advance: (Step) -> Void
  ) throws -> CorpusCensus {
    var census = CorpusCensus(thresholds: thresholds)
    let rows = reader.rows
    let line = WorkLine<DetectionFile.Line, (row: DetectionFile.Row, length: Int), any Error> {
      (try rows.row($0), $0.length)
    }
    try line.run(next: { try reader.nextLine() }) { row, length in
      census.add(row)
      advance(.read(bytes: length))
    }
    return census
  }

  /// The second time: what is shown is cut out of its images.
  private func cut(
    _ wanted: Set<Int>, crops: [Int: [ChosenCrop]], busy: Set<Int>, side: Int,
    deliver: (_ image: Int, CropCutter.Pieces) throws -> Void
  ) throws {
    let reader = try DetectionFile.Reader(path: path)
    let cutter = CropCutter(rows: reader.rows, images: images, side: side)
    let line = WorkLine<(Int, CropCutter.Work), (Int, CropCutter.Pieces), any Error> {
      ($0.0, try cutter.cut($0.1))
    }
    var (image, left) = (0, wanted.count)
    try line.run(next: {
      while left > 0, let next = try reader.nextLine() {
        try StopSignal.check()
        defer { image += 1 }
        guard wanted.contains(image) else { continue }
        left -= 1
        let work = CropCutter.Work(
          line: next, crops: crops[image] ?? [], isBusy: busy.contains(image))
        return (image, work)
      }
      return nil
    }) { try deliver($0.0, $0.1) }
  }
}

extension BrowsePage.Summary {
  fileprivate init(_ census: CorpusCensus) {
    (images, detections) = (census.images, census.detections)
    (failures, confident) = (census.failures.count, census.confident)
  }
}

/// A file that knows how long it is.
private final class CountedFile {
  private let file: PartFile
  private(set) var bytes = 0

  init(_ path: String) throws(InputError) { file = try PartFile(path: path) }

  func write(_ text: String) throws(InputError) {
    bytes += text.utf8.count
    try file.write(text)
  }

  func publish() throws(InputError) { try file.publish() }
}
