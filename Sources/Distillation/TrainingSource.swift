public import Cache
public import Support

/// The images of a training run, step by step, in an order that follows from the seed alone.
public struct TrainingSource: Sendable {
  /// One image that is due.
  public struct Element: Sendable {
    /// The data set's.
    public let id: Int
    /// What the teacher's cache holds of it; nil where nothing is distilled.
    public let record: CacheRecord?

    public init(id: Int, record: CacheRecord?) { (self.id, self.record) = (id, record) }
  }

  /// How much memory the cache's records take that are read ahead, and the blocks they come from.
  public static let cacheBytes = aheadBytes + TrainingReader.defaultBlockBytes
  /// Some twenty images of 300 regions: a disk that is slow for a moment holds nothing up.
  private static let aheadBytes = 16 << 20

  /// How many places all epochs have together.
  let places: Int
  /// Names the content that is read; a run goes on only with the same. Empty for ids alone.
  let manifest: String
  /// From a state on, the elements of one step after the other; called by the thread that trains.
  let open: @Sendable (TrainingState) throws -> @Sendable () throws -> [Element]

  /// Steps of all epochs; the last is filled up.
  public func steps(_ configuration: TrainingConfiguration) -> Int {
    (places + configuration.imagesPerStep - 1) / configuration.imagesPerStep
  }

  /// Every image once an epoch, in another order each.
  ///
  /// - Throws: `InputError` where there are none.
  public init(
    ids: [Int], configuration: TrainingConfiguration
  ) throws(InputError) {
    guard !ids.isEmpty else { throw InputError(.badData, "there are no images to train on") }
    let order = EpochOrder(seed: configuration.seed, count: ids.count)
    self.init(places: configuration.epochs * ids.count) { ids[order.image(at: $0).index] }
  }

  /// Images of rare categories more often.
  ///
  /// - Parameter categories: of each image.
  public init(
    ids: [Int], categories: [Set<Int>], configuration: TrainingConfiguration
  ) throws(InputError) {
    precondition(ids.count == categories.count, "the categories of each image")
    guard configuration.repeatThreshold > 0, !ids.isEmpty else {
      try self.init(ids: ids, configuration: configuration)
      return
    }
    let order = RepeatOrder(
      seed: configuration.seed,
      factors: RepeatOrder.factors(categories, threshold: configuration.repeatThreshold),
      epochs: configuration.epochs)
    self.init(places: order.count) { ids[order.image(at: $0 % order.count).index] }
  }

  /// The usable images of a teacher's cache with what it holds of them, read ahead.
  ///
  /// - Throws: `InputError` where no image can be used, or the cache is damaged.
  public init(
    cache reader: TrainingReader, configuration: TrainingConfiguration
  ) throws(InputError) {
    let count = try reader.usableCount()
    guard count > 0 else { throw reader.nothingUsable() }
    places = configuration.epochs * count
    manifest = try reader.manifest()
    open = { state in
      let stream = SingleThreaded(
        try TrainingStream(reader, from: state, aheadBytes: Self.aheadBytes))
      return { try stream.value.next().map { Element(id: $0.record.imageID, record: $0.record) } }
    }
  }

  private init(places: Int, id: @escaping @Sendable (_ place: Int) -> Int) {
    self.init(places: places) { Element(id: id($0), record: nil) }
  }

  /// Elements that somebody else chooses. The last step is filled up with what would come next.
  ///
  /// - Parameters:
  ///   - places: of all epochs together.
  ///   - element: what comes at a place; called from one thread at a time.
  public init(places: Int, element: @escaping @Sendable (_ place: Int) -> Element) {
    self.places = places
    manifest = ""
    open = { state in
      let step = SingleThreaded(state.step)
      return {
        defer { step.value += 1 }
        return (0..<state.globalBatch).map { element(step.value * state.globalBatch + $0) }
      }
    }
  }
}

/// A value that is handed from thread to thread and used by one at a time.
private final class SingleThreaded<Value>: @unchecked Sendable {
  var value: Value
  init(_ value: Value) { self.value = value }
}
