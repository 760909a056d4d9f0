import Cache
import Foundation
import Regions
public import Support
import Teacher

/// What embedding would do and take. `schemas/embedding-plan.schema.json` describes its JSON.
public struct EmbeddingPlan: Encodable, Sendable {
  /// A measured sample, and the time of the whole that it promises.
  struct Time: Encodable {
    /// For all crops, with all cores.
    var seconds: Double
    /// By the fastest and by the slowest part of the sample.
    var secondsLow, secondsHigh: Double
    /// Of all cores together.
    var cpuSeconds: Double
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

  /// The folder of the cache; nil while there are no proposals, on which it depends.
  let cache: String?
  /// Images the cache is to hold, and how many of them have a row.
  let images: Int
  let imagesDone: Int
  /// Regions and crops that are to be embedded.
  let regions: Int
  let crops: Int
  /// Whether there are no proposals yet: so many regions there may be.
  let regionsAreEstimated: Bool
  let bytesPerRegion: Double
  /// Whether that was measured on the cache's shards; else it follows from the format.
  let bytesPerRegionIsMeasured: Bool
  /// Bytes that what is to be embedded will take.
  let bytesNeeded: Int
  let bytesFree: Int
  let diskIsLargeEnough: Bool
  /// The most memory of the process.
  let peakBytes: Int
  /// nil where nothing is left to embed, or no image can be read.
  let time: Time?
  /// The refusal of a disk that is too small; nil where there is room.
  public let refusal: InputError?

  private enum CodingKeys: CodingKey {
    case cache, images, imagesDone, regions, crops, regionsAreEstimated, bytesPerRegion
    case bytesPerRegionIsMeasured, bytesNeeded, bytesFree, diskIsLargeEnough, peakBytes, time
  }

  /// - Parameter images: that the cache is to hold.
  init(
    _ size: EmbeddingSize, cache: String?, images: Int, cropsPerRegion: Int,
    sample: EmbeddingSample?
  ) {
    self.cache = cache
    self.images = images
    imagesDone = images - size.images
    regions = size.regions
    regionsAreEstimated = size.isEstimated
    crops = regions * cropsPerRegion
    bytesPerRegion = size.bytesPerRegion
    bytesPerRegionIsMeasured = size.isMeasured
    bytesNeeded = size.needed
    bytesFree = size.free
    refusal = size.refusal
    diskIsLargeEnough = refusal == nil
    time = sample.map { [crops] in Time($0, images: size.images, crops: crops) }
    // Where the proposals of each image stand will be in memory.
    peakBytes =
      ProcessUsage.now.peakBytes + (size.isEstimated ? images * RegionsToEmbed.bytesPerImage : 0)
  }

  /// For people.
  public var lines: [String] {
    let basis = bytesPerRegionIsMeasured ? "as in the cache" : "by the format"
    var lines = [
      "cache    \(cache ?? "depends on proposals that are not there yet")",
      "images   \(images), \(imagesDone) of them done",
      "regions  \(regionsAreEstimated ? "at most " : "")\(regions) to embed, \(crops.counted("crop"))",
      "disk     \(ByteSize.text(bytesNeeded)) needed "
        + "(\(Int(bytesPerRegion.rounded())) bytes a region, \(basis)), "
        + "\(ByteSize.text(bytesFree)) free",
    ]
    if let time {
      func percent(_ share: Double) -> String { "\(Int((100 * share).rounded()))%" }
      lines += [
        "time     \(time.range.text) at "
          + String(format: "%.1f crops/s: ", time.cropsPerSecond)
          + "decode \(percent(time.decodeShare)), crop and resize \(percent(time.cropShare)), "
          + "tower \(percent(time.towerShare))",
        "         measured on \(time.sampledCrops.counted("crop")) of \(time.sampledImages.counted("image")) in "
          + String(format: "%.1f s", time.sampleSeconds)
          + "; CPU \(TimeRange.text(time.cpuSeconds)) in all",
        "memory   \(ByteSize.text(peakBytes)) at the peak",
      ]
    } else if imagesDone < images {
      lines.append("time     unknown: there is no image to measure it on")
    }
    return lines
  }
}

extension EmbeddingPlan.Time {
  /// As a range.
  var range: TimeRange { TimeRange(expected: seconds, low: secondsLow, high: secondsHigh) }

  fileprivate init(_ sample: EmbeddingSample, images: Int, crops: Int) {
    let all = sample.all.times(images: images, crops: crops)
    let sum = all.decode + all.crops + all.tower
    seconds = sum / Double(Parallel.workers)
    let parts = sample.parts.map { part in
      let times = part.times(images: images, crops: crops)
      return (times.decode + times.crops + times.tower) / Double(Parallel.workers)
    }
    (secondsLow, secondsHigh) = (parts.min() ?? seconds, parts.max() ?? seconds)
    cpuSeconds = seconds * sample.cores
    cropsPerSecond = Double(crops) / max(seconds, .leastNormalMagnitude)
    decodeShare = all.decode / max(sum, .leastNormalMagnitude)
    cropShare = all.crops / max(sum, .leastNormalMagnitude)
    towerShare = all.tower / max(sum, .leastNormalMagnitude)
    sampledImages = sample.all.images
    sampledCrops = sample.all.crops
    sampleSeconds = sample.all.seconds
  }
}

extension StagePlan {
  init(_ plan: EmbeddingPlan) {
    self.init(.embed, folder: plan.cache, images: plan.images)
    if plan.imagesDone == plan.images && plan.cache != nil {
      self = finished
      return
    }
    state = plan.imagesDone > 0 ? .begun : .missing
    imagesDone = plan.imagesDone
    (regions, regionsAreEstimated) = (plan.regions, plan.regionsAreEstimated)
    seconds = plan.time?.range
    cpuSeconds = plan.time?.cpuSeconds
    peakBytes = plan.peakBytes
    diskBytes = plan.bytesNeeded
    sample = plan.time.map {
      "\($0.sampledCrops.counted("crop")) of \($0.sampledImages.counted("image"))"
        + (plan.regionsAreEstimated ? ", for the most regions there may be" : "")
    }
  }
}
