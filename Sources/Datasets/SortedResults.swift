import Foundation
public import Regions
public import Support

/// The proposals of a file of COCO results, what other projects write for class-agnostic boxes. Its
/// boxes have no order: they are sorted by image into a file without a name, a part at a time, and read
/// image by image, so that thirty million of them take some seventy megabytes of memory and six hundred
/// of the disk. Safe to use from several threads.
public struct SortedResults: Sendable {
  /// Boxes that follow each other in the results, sorted by image.
  fileprivate struct Run: Sendable {
    /// Where they begin in the file of all runs, in boxes.
    let start: Int
    /// The places among the images wanted of those that have boxes here, rising.
    var images: [Int32] = []
    /// The number of each one's first box here, and of the first after the last.
    var firsts: [Int32] = []

    /// Where an image's boxes are in the file of all runs; nil where it has none here.
    func boxes(of image: Int32) -> Range<Int>? {
      var (low, high) = (0, images.count)
      while low < high {
        let middle = (low + high) / 2
        if images[middle] < image { low = middle + 1 } else { high = middle }
      }
      guard low < images.count, images[low] == image else { return nil }
      return start + Int(firsts[low])..<start + Int(firsts[low + 1])
    }
  }

  /// The number of boxes.
  public let count: Int
  /// The most boxes of an image.
  public let most: Int
  private let places: [Int: Int32]
  private let runs: [Run]
  /// The sorted boxes: edges and score of each.
  private let text: DatasetText

  /// Reads the results once, checking everything. A category may be there or not.
  ///
  /// - Parameters:
  ///   - imageIDs: the images wanted; one without a record has no proposals.
  ///   - folder: where the sorted boxes go for as long as this is in use, 20 bytes each; nothing is left
  ///     there, however that ends. Nil for the folder that TMPDIR names.
  ///   - passedOver: is told of boxes of other images.
  ///   - boxesAtOnce: how many are in memory while they are sorted.
  /// - Throws: `InputError` that names the record, also for a score outside 0...1, for a file without a
  ///   box of any of the images, and for a full disk.
  public init(
    _ given: GivenProposals, imageIDs: [Int], in folder: String? = nil,
    passingOver passedOver: PassedOver = PassedOver(), boxesAtOnce: Int = 1 << 20
  ) throws(InputError) {
    let places = Dictionary(imageIDs.enumerated().map { ($0.element, Int32($0.offset)) }) {
      first, _ in first
    }
    var sorter = try BoxSorter(
      images: imageIDs.count, boxesAtOnce: boxesAtOnce,
      in: folder ?? FileManager.default.temporaryDirectory.path)
    var cursor = JSONCursor(given.text)
    var (first, strangers): (InputError?, Int) = (nil, 0)
    try cursor.readArray { cursor, _ throws(InputError) in
      let record = try DetectionFields(from: &cursor).record(cursor)
      guard (0...1).contains(record.score) else {
        throw cursor.fault(
          "not a proposal's score", member: ".score", expected: "0...1", got: "\(record.score)")
      }
      if let place = places[record.imageID] {
        let bbox = record.bbox
        let box = Box(x: bbox[0], y: bbox[1], width: bbox[2], height: bbox[3])
        return try sorter.append(Region(box: box, score: Float(record.score)), of: place)
      }
      strangers += 1
      if first == nil {
        let stranger = cursor.fault(
          "the data set has no such image", member: ".image_id", got: "\(record.imageID)")
        try passedOver.add(stranger, as: "image_id")
        first = stranger
      }
    }
    try cursor.expectEnd()
    try sorter.flush()
    if strangers > 1 { passedOver.add(strangers - 1, as: "image_id") }
    if sorter.count == 0, let first { throw GivenProposals.noneFits(first) }
    (count, most) = (sorter.count, Int(sorter.counts.max() ?? 0))
    (self.places, runs) = (places, sorter.runs)
    text = DatasetText(sorter.file, path: given.text.path)
  }

  /// The proposals of an image, best first, ties in the file's order; none of one that is not among
  /// those wanted.
  ///
  /// - Throws: `InputError` where the disk fails.
  public func proposals(of imageID: Int) throws(InputError) -> Proposals {
    guard let place = places[imageID] else { return Proposals(imageID: imageID) }
    var regions: [Region] = []
    for run in runs {
      guard let boxes = run.boxes(of: place) else { continue }
      let bytes = try text[boxes.lowerBound * BoxSorter.bytes..<boxes.upperBound * BoxSorter.bytes]
      precondition(bytes.count == boxes.count * BoxSorter.bytes, "the file is nobody else's")
      bytes.withUnsafeBytes { bytes in
        for box in 0..<boxes.count {
          func number(_ index: Int) -> Float {
            bytes.loadUnaligned(fromByteOffset: box * BoxSorter.bytes + 4 * index, as: Float.self)
          }
          regions.append(
            Region(
              box: Box(x0: number(0), y0: number(1), x1: number(2), y1: number(3)),
              score: number(4)))
        }
      }
    }
    return Proposals(
      imageID: imageID, regions: descendingOrder(regions.map(\.score)).map { regions[$0] })
  }
}

/// Sorts boxes by image into a file, as many at a time as are to be in memory; those of an image stay in
/// their order.
private struct BoxSorter {
  /// Of a box in the file: four edges and a score.
  static let bytes = 5 * MemoryLayout<Float>.stride

  /// Goes with the last who has it.
  let file: OpenFile
  private(set) var runs: [SortedResults.Run] = []
  /// How many boxes each image has.
  private(set) var counts: [Int32]
  private(set) var count = 0
  private let place: String
  private let boxesAtOnce: Int
  /// What is to be sorted: the image and the numbers of each box.
  private var images: [Int32] = []
  private var numbers: [Float] = []

  init(images: Int, boxesAtOnce: Int, in folder: String) throws(InputError) {
    // Whoever is killed between these two lines leaves what is known to be nobody's.
    let part = try Part(of: PathText.join(folder, "boxes"))
    part.remove()
    (file, place, self.boxesAtOnce) = (part.file, folder, boxesAtOnce)
    counts = [Int32](repeating: 0, count: images)
  }

  mutating func append(_ region: Region, of image: Int32) throws(InputError) {
    let box = region.box
    images.append(image)
    for number in [box.x0, box.y0, box.x1, box.y1, region.score] { numbers.append(number) }
    counts[Int(image)] += 1
    if images.count == boxesAtOnce { try flush() }
  }

  /// Writes what is in memory as a run.
  mutating func flush() throws(InputError) {
    if images.isEmpty { return }
    // A counting sort: where the boxes of each image begin, then each box to its place.
    var next = [Int32](repeating: 0, count: counts.count)
    for image in images { next[Int(image)] += 1 }
    var run = SortedResults.Run(start: count)
    var first: Int32 = 0
    for image in next.indices where next[image] > 0 {
      run.images.append(Int32(image))
      run.firsts.append(first)
      (next[image], first) = (first, first + next[image])
    }
    run.firsts.append(first)
    var sorted = [Float](repeating: 0, count: numbers.count)
    for (box, image) in images.enumerated() {
      let target = Int(next[Int(image)])
      next[Int(image)] += 1
      for number in 0..<5 { sorted[5 * target + number] = numbers[5 * box + number] }
    }
    try Files.writeAll(sorted.span.bytes, to: file.descriptor, path: place)
    runs.append(run)
    count += images.count
    images.removeAll(keepingCapacity: true)
    numbers.removeAll(keepingCapacity: true)
  }
}
