public import Support

/// Which pixels of an image belong to an object, as run lengths.
///
/// COCO's form: pixels are counted column by column, from the top of the left one; runs alternate
/// between pixels outside and inside, and the first counts pixels outside. Memory and time follow
/// the length of the outline, not the image's area.
public struct Mask: Hashable, Sendable {
  /// Columns of the image, at least 1.
  public let width: Int
  /// Rows of the image, at least 1.
  public let height: Int
  /// Lengths of the runs; only the first may be zero. Their sum is width x height.
  public let runs: [UInt32]

  /// The largest image that runs of 32 bits can count.
  static let largestArea = Int(UInt32.max)

  /// A mask without any pixel.
  public init(width: Int, height: Int) {
    self.init(Runs(width: width, height: height))
  }

  /// A mask from the lengths of its runs, as in COCO's uncompressed form; lengths of zero join
  /// their neighbours.
  ///
  /// - Throws: `InputError` (`badData`) for a negative length, or a sum other than the area.
  public init(width: Int, height: Int, counts: [Int]) throws(InputError) {
    try Self.checkSize(width: width, height: height)
    var runs = Runs(width: width, height: height)
    var position = 0
    for (index, count) in counts.enumerated() {
      guard count >= 0, count <= width * height - position else {
        throw InputError(
          .badData, "the run lengths do not fit the image",
          expected: "\(width * height) pixels in all",
          got: count < 0 ? "the length \(count)" : "more")
      }
      if index % 2 == 1 { runs.add(position..<position + count) }
      position += count
    }
    guard position == width * height else {
      throw InputError(
        .badData, "the run lengths do not fit the image",
        expected: "\(width * height) pixels in all", got: "\(position)")
    }
    self.init(runs)
  }

  /// The pixels of `rect` for which `isInside` says so; it is not asked about others.
  public init(
    width: Int, height: Int, within rect: PixelRect, where isInside: (_ x: Int, _ y: Int) -> Bool
  ) {
    var runs = Runs(width: width, height: height)
    if let rect = rect.intersection(PixelRect(x0: 0, y0: 0, x1: width, y1: height)) {
      for x in rect.x0..<rect.x1 {
        for y in rect.y0..<rect.y1 where isInside(x, y) {
          runs.add(x * height + y..<x * height + y + 1)
        }
      }
    }
    self.init(runs)
  }

  init(_ runs: Runs) {
    width = runs.width
    height = runs.height
    self.runs = runs.finished()
  }

  /// Pixels inside.
  public var area: Int { inside.reduce(0) { $0 + $1.count } }

  /// Whether no pixel is inside.
  public var isEmpty: Bool { runs.count < 2 }

  /// The smallest rectangle around the pixels inside; nil when there are none. O(runs).
  public var bounds: PixelRect? {
    var bounds: PixelRect?
    for run in inside {
      let (first, last) = (run.lowerBound / height, (run.upperBound - 1) / height)
      // A run that goes on in the next column reaches the bottom of one and the top of the other.
      let (top, bottom) =
        first == last
        ? (run.lowerBound - first * height, run.upperBound - first * height) : (0, height)
      bounds = PixelRect(
        x0: bounds?.x0 ?? first, y0: min(bounds?.y0 ?? top, top),
        x1: last + 1, y1: max(bounds?.y1 ?? bottom, bottom))
    }
    return bounds
  }

  /// Whether the pixel in column `x` and row `y` is inside. O(runs).
  public func contains(x: Int, y: Int) -> Bool {
    precondition(x >= 0 && x < width && y >= 0 && y < height, "the pixel lies within the image")
    return inside.contains { $0.contains(x * height + y) }
  }

  /// The runs inside, as places in the count of pixels, ascending.
  var inside: some Sequence<Range<Int>> {
    sequence(state: (position: 0, index: 0)) { state -> Range<Int>? in
      guard state.index + 1 < runs.count else { return nil }
      let start = state.position + Int(runs[state.index])
      state = (start + Int(runs[state.index + 1]), state.index + 2)
      return start..<state.position
    }
  }

  /// The runs inside, cut at the ends of columns: each a column and some of its rows.
  package var columns: some Sequence<(x: Int, rows: Range<Int>)> {
    inside.lazy.flatMap { [height] run in
      (run.lowerBound / height...(run.upperBound - 1) / height).lazy.map { x in
        let top = x * height
        return (x, max(run.lowerBound, top) - top..<min(run.upperBound, top + height) - top)
      }
    }
  }

  /// - Throws: `InputError` (`badData`) for a size that no mask has.
  package static func checkSize(width: Int, height: Int) throws(InputError) {
    let limit = largestArea
    let (area, overflow) = width.multipliedReportingOverflow(by: height)
    guard width > 0, height > 0, !overflow, area <= limit else {
      throw InputError(
        .badData, "not the size of a mask",
        expected: "height and width above 0, at most \(limit) pixels", got: "\([height, width])")
    }
  }
}

/// The runs of a mask while they are put together, from the first pixel to the last.
struct Runs {
  let width, height: Int
  private var lengths: [UInt32] = []
  /// Where the last run inside ends.
  private var end = 0

  init(width: Int, height: Int) {
    precondition(
      width > 0 && height > 0 && width * height <= Mask.largestArea, "an image has pixels")
    (self.width, self.height) = (width, height)
  }

  /// Adds pixels behind all those added before.
  mutating func add(_ run: Range<Int>) {
    precondition(run.lowerBound >= end && run.upperBound <= width * height, "runs are in order")
    guard !run.isEmpty else { return }
    if run.lowerBound == end, !lengths.isEmpty {
      lengths[lengths.count - 1] += UInt32(run.count)
    } else {
      lengths += [UInt32(run.lowerBound - end), UInt32(run.count)]
    }
    end = run.upperBound
  }

  func finished() -> [UInt32] {
    let rest = width * height - end
    return rest > 0 ? lengths + [UInt32(rest)] : lengths
  }
}
