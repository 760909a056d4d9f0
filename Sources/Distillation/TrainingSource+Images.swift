public import Cache
import Ranks
public import Support
public import Training

/// One image that is due.
public struct DueImage: Sendable {
  /// The data set's.
  public let id: Int
  /// What the teacher's cache holds of it; nil where nothing is distilled.
  public let record: CacheRecord?

  public init(id: Int, record: CacheRecord?) { (self.id, self.record) = (id, record) }
}

extension TrainingSource where Element == DueImage {
  /// How much memory the cache's records take that are read ahead, and the blocks they come from.
  public static var cacheBytes: Int { aheadBytes + CacheReader.defaultBlockBytes }
  /// Some twenty images of 300 regions: a disk that is slow for a moment holds nothing up.
  private static var aheadBytes: Int { 16 << 20 }

  /// Steps of all epochs; the last is filled up.
  public func steps(_ configuration: TrainingConfiguration) -> Int {
    steps(of: configuration.imagesPerStep)
  }

  /// Every image once an epoch, in another order each; with `repeatThreshold` images of rare categories
  /// more often.
  ///
  /// - Parameter categories: of each image.
  /// - Throws: `InputError` where there are none.
  public init(
    ids: [Int], categories: [Set<Int>], configuration: TrainingConfiguration
  ) throws(InputError) {
    precondition(ids.count == categories.count, "the categories of each image")
    guard !ids.isEmpty else { throw InputError(.badData, "there are no images to train on") }
    let (seed, epochs) = (configuration.seed, configuration.epochs)
    if configuration.repeatThreshold > 0 {
      let factors = RepeatOrder.factors(categories, threshold: configuration.repeatThreshold)
      let order = RepeatOrder(seed: seed, factors: factors, epochs: epochs)
      self.init(places: order.count) { place in
        DueImage(id: ids[order.image(at: place % order.count).index], record: nil)
      }
    } else {
      let order = EpochOrder(seed: seed, count: ids.count)
      self.init(places: epochs * ids.count) { place in
        DueImage(id: ids[order.image(at: place).index], record: nil)
      }
    }
  }

  /// The usable images of a teacher's cache with what it holds of them, read ahead.
  ///
  /// - Throws: `InputError` where no image can be used, or the cache is damaged.
  public init(
    cache images: UsableImages, configuration: TrainingConfiguration
  ) throws(InputError) {
    guard images.count > 0 else { throw images.nothingUsable() }
    self.init(
      places: configuration.epochs * images.count, manifest: images.manifest, imageID: { $0.id }
    ) { state, rank in
      let step = StreamedStep(
        try TrainingStream(
          images, from: state, rank: rank.rank, world: rank.count, aheadBytes: Self.aheadBytes))
      return { place in
        let record = try step.record(place % (state.globalBatch / rank.count))
        return DueImage(id: record.imageID, record: record)
      }
    }
  }

  /// Images that somebody else chooses.
  public init(places: Int, image: @escaping @Sendable (_ place: Int) -> DueImage) {
    self.init(places: places, imageID: { $0.id }, element: image)
  }
}

/// A rank's share of the step of a stream whose records are being asked for; used by one thread at a time.
private final class StreamedStep: @unchecked Sendable {
  private let stream: TrainingStream
  private var records: [CacheRecord] = []

  init(_ stream: TrainingStream) { self.stream = stream }

  /// The first of a step begins the next step.
  func record(_ place: Int) throws(InputError) -> CacheRecord {
    if place == 0 { records = try stream.next().map(\.record) }
    return records[place]
  }
}
