import Cache
import Foundation
import Images
import Labelling
public import Support

/// What labelling a corpus for the first time would do and take. `schemas/store-plan.schema.json`
/// describes its JSON.
public struct StorePlan: Encodable, Sendable {
  /// The folder of the store; nil while the detector that it depends on is not trained.
  let store: String?
  /// Images of the corpus, and how many of them need not be looked at.
  let images: Int
  let imagesDone: Int
  /// Of an image, at most.
  let regions: Int
  /// Of an image on disk.
  let bytesPerImage: Double
  /// Whether that was measured on the store's shards; else it is the most there may be.
  let bytesPerImageIsMeasured: Bool
  /// Bytes that what is left will take.
  let bytesNeeded: Int
  let bytesFree: Int
  let diskIsLargeEnough: Bool
  /// By all cores together, on `sampledImages`; nil where no image can be read.
  let imagesPerSecond: Double?
  let sampledImages: Int
  /// For what is left.
  let seconds: Double?
  /// The refusal of a disk that is too small; nil where there is room.
  public let refusal: InputError?

  private enum CodingKeys: CodingKey {
    case store, images, imagesDone, regions, bytesPerImage, bytesPerImageIsMeasured, bytesNeeded
    case bytesFree, diskIsLargeEnough, imagesPerSecond, sampledImages, seconds
  }

  /// - Parameters:
  ///   - isKnown: whether the store's folder is.
  ///   - left: the images to be looked at, of which some are: for seconds, not minutes.
  init(
    _ task: StoreTask, isKnown: Bool, left: Set<Int>, with detector: any Detector
  ) throws {
    let size = try StoreSize(task, left: left.count)
    store = isKnown ? task.folder.path : nil
    (images, imagesDone) = (task.ids.count, task.ids.count - left.count)
    regions = task.recipe.regions
    (bytesPerImage, bytesPerImageIsMeasured) = (size.bytesPerImage, size.isMeasured)
    (bytesNeeded, bytesFree) = (size.needed, size.free)
    refusal = size.refusal
    diskIsLargeEnough = refusal == nil
    let sample = try Self.measure(task, left, with: detector)
    sampledImages = sample.images
    imagesPerSecond = sample.images > 0 ? Double(sample.images) / sample.seconds : nil
    seconds = imagesPerSecond.map { Double(left.count) / $0 }
  }

  /// How many images were looked at, in what time.
  private static func measure(
    _ task: StoreTask, _ left: Set<Int>, with detector: any Detector
  ) throws -> (images: Int, seconds: Double) {
    var generator = SeededGenerator(seed: 0)
    let some = left.sorted().shuffled(using: &generator).prefix(1000)
    let regions = DetectedRegions(detector, in: task.files)
    let line = WorkLine<Int, Bool, any Error> { id in
      if case .found = try regions.look(at: task.item(id)).outcome { true } else { false }
    }
    var (next, images) = (some.makeIterator(), 0)
    // The first one warms up what later ones find warm.
    if let first = next.next() { _ = try regions.look(at: task.item(first)) }
    let start = ContinuousClock.now
    let enough = start + .seconds(10)
    try line.run(next: { ContinuousClock.now < enough ? next.next() : nil }) {
      images += $0 ? 1 : 0
    }
    return (images, max((ContinuousClock.now - start) / .seconds(1), 1e-9))
  }

  /// For people.
  public var lines: [String] {
    let basis = bytesPerImageIsMeasured ? "as in the store" : "at most"
    var lines = [
      "store    \(store ?? "depends on a detector that is not trained yet")",
      "images   \(images), \(imagesDone) of them done",
      "regions  at most \(regions) an image",
      "disk     \(ByteSize.text(bytesNeeded)) needed "
        + "(\(Int(bytesPerImage.rounded())) bytes an image, \(basis)), "
        + "\(ByteSize.text(bytesFree)) free",
    ]
    if let seconds, let imagesPerSecond {
      lines.append(
        "time     \(TimeRange.text(seconds)) at "
          + String(format: "%.1f images/s, ", imagesPerSecond)
          + "measured on \(sampledImages.counted("image"))")
    } else if imagesDone < images {
      lines.append("time     unknown: there is no image to measure it on")
    }
    return lines
  }
}
