public import Cache
public import Support
public import Training

/// The records that one worker of a training run reads, step by step, decoded ahead on a thread of
/// its own within a limit of memory.
///
/// ```swift
/// let stream = try TrainingStream(reader, from: state, rank: 0, world: 2)
/// while stream.state.step < steps {
///   train(on: try stream.next())
///   save(stream.state)  // another number of workers may go on from here
/// }
/// ```
///
/// To be used from one thread at a time.
public final class TrainingStream {
  /// One record and when it is due.
  public struct Element: Equatable, Sendable {
    /// Each sees every image once.
    public var epoch: Int
    /// What the cache holds of the image.
    public var record: CacheRecord
  }

  /// What to resume with before the next call of `next`.
  public private(set) var state: TrainingState
  private let rank: Int
  private let world: Int
  private let ahead: ReadAhead

  /// - Parameters:
  ///   - state: of the first step to be read.
  ///   - rank: of this worker, in `0 ..< world`.
  ///   - world: number of workers.
  ///   - aheadBytes: how much memory records that are not asked for yet may take.
  /// - Throws: `InputError`: the run was started on other shards, or its batch cannot be shared by
  ///   so many workers (`badData`).
  public init(
    _ reader: TrainingReader, from state: TrainingState, rank: Int = 0, world: Int = 1,
    aheadBytes: Int = 64 << 20
  ) throws(InputError) {
    precondition(world > 0 && (0..<world).contains(rank) && aheadBytes > 0)
    let manifest = try reader.manifest()
    guard state.manifest == manifest else {
      throw InputError(
        .badData, "the training run was started on other shards", at: reader.folder.path,
        expected: "manifest \(state.manifest)", got: "manifest \(manifest)")
    }
    guard state.globalBatch > 0, state.globalBatch % world == 0, state.step >= 0 else {
      throw InputError(
        .badData, "a batch cannot be shared evenly", at: reader.folder.path,
        expected: "a number of workers that divides \(state.globalBatch)", got: "\(world)")
    }
    let count = try reader.usableCount()
    guard count > 0 else { throw reader.nothingUsable() }
    self.state = state
    self.rank = rank
    self.world = world
    let order = EpochOrder(seed: state.seed, count: count)
    let (first, batch) = (state.step, state.globalBatch)
    let share = batch / world
    ahead = ReadAhead(limit: aheadBytes) { number throws(InputError) in
      let places = EpochOrder.places(
        step: first + number / share, globalBatch: batch, rank: rank, world: world)
      let (epoch, index) = order.image(at: places.lowerBound + number % share)
      return Element(
        epoch: epoch, record: try reader.record(of: reader.usableImageID(at: index)))
    }
  }

  deinit { ahead.stop() }

  /// The worker's share of the next step.
  ///
  /// - Throws: `InputError` (`badData`) that names shard, block and image of what cannot be read.
  ///   The stream ends with it; `state` is still that of the step.
  public func next() throws(InputError) -> [Element] {
    let share = state.globalBatch / world
    let elements = try ahead.take(share)
    state.step += 1
    return elements
  }
}
