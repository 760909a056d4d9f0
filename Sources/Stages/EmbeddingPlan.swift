import Cache
import Foundation
public import Support
import Teacher
import Tensors

/// What embedding would do and take. `schemas/embedding-plan.schema.json` describes its JSON.
public struct EmbeddingPlan: Encodable, Sendable {
  /// A measured sample, and the time of the whole that it promises.
  struct Time: Encodable {
    /// For all crops, with all cores.
    var seconds: Double
    var cropsPerSecond: Double
    /// Parts of `seconds`, in 0...1.
    var decodeShare: Double
    var cropShare: Double
    var towerShare: Double
    /// How much was measured, and how long that took.
    var sampledImages: Int
    var sampledCrops: Int
    var sampleSeconds: Double
  }

  /// The folder of the cache.
  let cache: String
  /// Images the cache is to hold, and how many of them have a row.
  let images: Int
  let imagesDone: Int
  /// Regions and crops that are to be embedded.
  let regions: Int
  let crops: Int
  let bytesPerRegion: Double
  /// Whether that was measured on the cache's shards; else it follows from the format.
  let bytesPerRegionIsMeasured: Bool
  /// Bytes that what is to be embedded will take.
  let bytesNeeded: Int
  let bytesFree: Int
  let diskIsLargeEnough: Bool
  /// nil where nothing is left to embed, or no image can be read.
  let time: Time?
  /// The refusal of a disk that is too small; nil where there is room.
  public let refusal: InputError?

  private enum CodingKeys: CodingKey {
    case cache, images, imagesDone, regions, crops, bytesPerRegion, bytesPerRegionIsMeasured
    case bytesNeeded, bytesFree, diskIsLargeEnough, time
  }

  init(
    _ task: EmbeddingTask, _ size: EmbeddingSize, cropsPerRegion: Int, sample: EmbeddingSample?
  ) {
    cache = task.folder.path
    images = task.proposals.count
    imagesDone = images - size.left.count
    regions = size.left.regions
    crops = regions * cropsPerRegion
    bytesPerRegion = size.bytesPerRegion
    bytesPerRegionIsMeasured = size.isMeasured
    bytesNeeded = size.needed
    bytesFree = size.free
    refusal = size.refusal
    diskIsLargeEnough = refusal == nil
    time = sample.map { [crops] in Time($0, images: size.left.count, crops: crops) }
  }

  /// For people.
  public var lines: [String] {
    let basis = bytesPerRegionIsMeasured ? "as in the cache" : "by the format"
    var lines = [
      "cache    \(cache)",
      "images   \(images), \(imagesDone) of them done",
      "regions  \(regions) to embed, \(crops) crops",
      "disk     \(EmbeddingSize.text(bytesNeeded)) needed "
        + "(\(Int(bytesPerRegion.rounded())) bytes a region, \(basis)), "
        + "\(EmbeddingSize.text(bytesFree)) free",
    ]
    if let time {
      func percent(_ share: Double) -> String { "\(Int((100 * share).rounded()))%" }
      lines += [
        "time     \(Self.duration(time.seconds)) at "
          + String(format: "%.1f crops/s: ", time.cropsPerSecond)
          + "decode \(percent(time.decodeShare)), crop and resize \(percent(time.cropShare)), "
          + "tower \(percent(time.towerShare))",
        "         measured on \(time.sampledCrops) crops of \(time.sampledImages) images in "
          + String(format: "%.1f s", time.sampleSeconds),
      ]
    } else if imagesDone < images {
      lines.append("time     unknown: there is no image to measure it on")
    }
    return lines
  }

  /// "2 days 3 h", "3 h 12 min", "12 min 5 s", "5 s".
  private static func duration(_ seconds: Double) -> String {
    let whole = Int(min(seconds, 1e15).rounded(.up))
    let parts = [
      (whole / 86_400, "days"), (whole / 3600 % 24, "h"), (whole / 60 % 60, "min"),
      (whole % 60, "s"),
    ]
    let first = parts.firstIndex { $0.0 > 0 } ?? parts.count - 1
    return parts[first...].prefix(2).map { "\($0.0) \($0.1)" }.joined(separator: " ")
  }
}

extension EmbeddingPlan.Time {
  fileprivate init(_ sample: EmbeddingSample, images: Int, crops: Int) {
    let all = sample.times(images: images, crops: crops)
    let sum = all.decode + all.crops + all.tower
    seconds = sum / Double(Parallel.workers)
    cropsPerSecond = Double(crops) / max(seconds, .leastNormalMagnitude)
    decodeShare = all.decode / max(sum, .leastNormalMagnitude)
    cropShare = all.crops / max(sum, .leastNormalMagnitude)
    towerShare = all.tower / max(sum, .leastNormalMagnitude)
    sampledImages = sample.images
    sampledCrops = sample.crops
    sampleSeconds = sample.seconds
  }
}
