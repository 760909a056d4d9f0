public import Cache
internal import Regions
public import Support
public import Training

/// The records that one worker of a training run reads, step by step, decoded ahead on a thread of
/// its own within a limit of memory.
///
/// ```swift
/// let stream = try TrainingStream(images, from: state, rank: 0, world: 2)
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
  private static let aheadRecords = 256
  private let rank: Int
  private let world: Int
  private let line: WorkLine<Int, Element, InputError>
  /// Elements asked of the line.
  private var asked = 0

  /// - Parameters:
  ///   - state: of the first step to be read.
  ///   - rank: of this worker, in `0 ..< world`.
  ///   - world: number of workers.
  ///   - aheadBytes: how much memory records that are not asked for yet may take; there are 256 of them
  ///     at most.
  /// - Throws: `InputError`: the run was started on other shards, or its batch cannot be shared by
  ///   so many workers (`badData`).
  public init(
    _ images: UsableImages, from state: TrainingState, rank: Int = 0, world: Int = 1,
    aheadBytes: Int = 64 << 20
  ) throws(InputError) {
    precondition(world > 0 && (0..<world).contains(rank) && aheadBytes > 0)
    let (folder, manifest) = (images.reader.folder.path, images.manifest)
    guard state.manifest == manifest else {
      throw InputError(
        .badData, "the training run was started on other shards", at: folder,
        expected: "manifest \(state.manifest)", got: "manifest \(manifest)")
    }
    guard state.globalBatch > 0, state.globalBatch % world == 0, state.step >= 0 else {
      throw InputError(
        .badData, "a batch cannot be shared evenly", at: folder,
        expected: "a number of workers that divides \(state.globalBatch)", got: "\(world)")
    }
    guard images.count > 0 else { throw images.nothingUsable() }
    self.state = state
    self.rank = rank
    self.world = world
    let order = EpochOrder(seed: state.seed, count: images.count)
    let (first, batch) = (state.step, state.globalBatch)
    let share = batch / world
    line = WorkLine(
      workers: 1, limit: Self.aheadRecords, heaviest: aheadBytes, weight: \.bytes,
      check: { () throws(InputError) in }
    ) { number throws(InputError) in
      let places = EpochOrder.places(
        step: first + number / share, globalBatch: batch, rank: rank, world: world)
      let (epoch, index) = order.image(at: places.lowerBound + number % share)
      return .done(Element(epoch: epoch, record: try images.record(at: index)))
    }
  }

  deinit { line.end() }

  /// The worker's share of the next step.
  ///
  /// - Throws: `InputError` (`badData`) that names shard, block and image of what cannot be read.
  ///   The stream ends with it; `state` is still that of the step.
  public func next() throws(InputError) -> [Element] {
    let share = state.globalBatch / world
    var elements: [Element] = []
    for _ in 0..<share {
      let element = try line.next { () throws(InputError) in
        asked += 1
        return asked - 1
      }
      // There is no end of them.
      elements.append(element!)
    }
    state.step += 1
    return elements
  }
}

extension TrainingStream.Element {
  /// In memory, about.
  fileprivate var bytes: Int { 256 + record.regions.vectors.count * 4 + record.regions.count * 20 }
}
