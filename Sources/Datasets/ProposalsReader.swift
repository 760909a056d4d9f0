public import Regions
public import Support

/// Reads a proposals file image by image in constant memory, checking everything.
public final class ProposalsReader {
  /// The file's first line.
  public let header: ProposalsHeader
  /// Where a line stands.
  struct Line: Sendable {
    fileprivate let bytes: Range<Int>
    fileprivate let number: Int
  }

  /// The lines of a file, in any order.
  struct Lines: Sendable {
    fileprivate let text: DatasetText
    /// Whether every line has to carry its checksum.
    fileprivate let isSealed: Bool

    func proposals(at line: Line) throws(InputError) -> Proposals {
      try proposals(text[line.bytes], number: line.number)
    }

    fileprivate func proposals(_ line: [UInt8], number: Int) throws(InputError) -> Proposals {
      let content = try ProposalsReader.content(
        of: line, isSealed: isSealed, at: "\(text.path) line \(number)")
      return try Proposals(line: content, path: text.path, number: number)
    }
  }

  private let path: String
  private let lines: LineReader
  let content: Lines
  private var seen = Set<Int>()

  /// Opens the file and reads its header.
  ///
  /// - Throws: `InputError` that names the line.
  public convenience init(path: String) throws(InputError) {
    try self.init(DatasetText(path: path))
  }

  convenience init(_ given: GivenProposals) throws(InputError) { try self.init(given.text) }

  private init(_ text: DatasetText) throws(InputError) {
    path = text.path
    lines = LineReader(text)
    guard let line = try lines.next() else {
      throw InputError(.badData, "not a proposals file", at: path, got: "an empty file")
    }
    let content = try Self.content(of: line, isSealed: false, at: "\(path) line 1")
    let version: Int
    (header, version) = try ProposalsHeader.read(content, path: path)
    let isSealed = version == ProposalsHeader.version
    self.content = Lines(text: text, isSealed: isSealed)
    _ = try Self.content(of: line, isSealed: isSealed, at: "\(path) line 1")
  }

  /// A line without its checksum, where it has one or has to.
  fileprivate static func content(
    of line: [UInt8], isSealed: Bool, at place: String
  ) throws(InputError) -> [UInt8] {
    if !isSealed && SealedJSON.look(at: line) == .unsealed { return line }
    return try SealedJSON.opened(
      line, at: place,
      hint: "restore or make the file again; one that is changed by hand says version 1 and has no "
        + "'xxh3' in its lines")
  }

  /// The next image's proposals, best first; nil after the last image.
  ///
  /// - Throws: `InputError` that names the line: damaged, malformed, a box not finite or inverted,
  ///   scores outside 0...1 or not sorted, an image given twice, fewer or more images than the
  ///   header says.
  public func next() throws(InputError) -> Proposals? {
    guard let line = try lines.next() else {
      guard seen.count == header.images else {
        throw InputError(
          .badData, "the file is cut off", at: path, expected: header.images.counted("image"),
          got: "\(seen.count)")
      }
      return nil
    }
    let proposals = try content.proposals(line, number: lines.lineNumber)
    if let problem = proposals.problem(top: header.top) {
      throw InputError(.badData, problem.what, at: "\(place): \(problem.member)")
    }
    guard seen.insert(proposals.imageID).inserted else {
      throw InputError(
        .badData, "the image is given twice", at: "\(place): image_id",
        got: "\(proposals.imageID)")
    }
    guard seen.count <= header.images else {
      throw InputError(
        .badData, "more images than the header says", at: place, expected: "\(header.images)")
    }
    return proposals
  }

  /// The line that was read last.
  var line: Line { Line(bytes: lines.lineRange, number: lines.lineNumber) }

  /// Of the line that was read last.
  var place: String { "\(path) line \(lines.lineNumber)" }

  /// All images that `next` has not yet given, in the file's order.
  public func readAll() throws(InputError) -> [Proposals] {
    var all: [Proposals] = []
    while let proposals = try next() { all.append(proposals) }
    return all
  }

  /// Hands over the proposals of some images, in the file's order; others are passed over.
  ///
  /// - Parameter imageIDs: nil for all images.
  /// - Throws: `InputError`, also for a file with none of the images.
  func forEach(
    of imageIDs: [Int]?, passingOver passedOver: PassedOver, _ visit: (Proposals) -> Void
  ) throws(InputError) {
    let known = imageIDs.map(Set.init)
    var isFitting = false
    var first: InputError?
    while let proposals = try next() {
      if known?.contains(proposals.imageID) ?? true {
        visit(proposals)
        isFitting = true
      } else {
        let stranger = InputError(
          .badData, "the data set has no such image", at: "\(place): image_id",
          got: "\(proposals.imageID)")
        first = first ?? stranger
        try passedOver.add(stranger, as: "image_id")
      }
    }
    if !isFitting, let first { throw GivenProposals.noneFits(first) }
  }

  /// Hands over the images whose lines are certainly what was written, of a file that may be damaged;
  /// returns the numbers of the other lines.
  func readSound(_ visit: (Proposals) -> Void) -> [Int] {
    var damaged = [Int]()
    while true {
      let line: [UInt8]
      do throws(InputError) {
        guard let next = try lines.next() else { break }
        line = next
      } catch {
        damaged.append(lines.lineNumber + 1)
        break
      }
      if case .sound(let content) = SealedJSON.look(at: line),
        let proposals = try? Proposals(
          line: line.prefix(content) + [UInt8(ascii: "}")], path: path, number: lines.lineNumber)
      {
        visit(proposals)
      } else {
        damaged.append(lines.lineNumber)
      }
    }
    return damaged
  }
}

extension Proposals {
  fileprivate init(line: [UInt8], path: String, number: Int) throws(InputError) {
    var cursor = JSONCursor(line, file: path, line: number)
    var imageID: Int?
    var boxes: [Box]?
    var scores: [Float]?
    try cursor.readObject { cursor, key throws(InputError) in
      switch key {
      case "image_id": imageID = try cursor.readInt()
      case "boxes":
        boxes = try cursor.readArray { (cursor) throws(InputError) in try cursor.readEdges() }
      case "scores":
        scores = try cursor.readArray { (cursor) throws(InputError) in try cursor.readFloat() }
      default: throw cursor.fault("unknown key", got: "'\(key)'")
      }
    }
    try cursor.expectEnd()
    let (allBoxes, allScores) = (
      try cursor.require(boxes, "boxes"), try cursor.require(scores, "scores")
    )
    guard allBoxes.count == allScores.count else {
      throw cursor.fault(
        "one score per box", expected: allBoxes.count.counted("score"), got: "\(allScores.count)")
    }
    self.init(
      imageID: try cursor.require(imageID, "image_id"),
      regions: [Region](boxes: allBoxes, scores: allScores))
  }
}

extension JSONCursor {
  /// `[x0, y0, x1, y1]`.
  fileprivate mutating func readEdges() throws(InputError) -> Box {
    var edges = SIMD4<Double>.zero
    var count = 0
    try readArray { cursor, index throws(InputError) in
      let value = try cursor.readDouble()
      if index < 4 { edges[index] = value }
      count += 1
    }
    guard count == 4 else {
      throw fault("a box of \(count.counted("number"))", expected: "x0, y0, x1, y1")
    }
    return Box(
      x0: Float(edges[0]), y0: Float(edges[1]), x1: Float(edges[2]), y1: Float(edges[3]))
  }
}
