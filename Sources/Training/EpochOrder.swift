public import Support

/// The order in which training sees images: every image exactly once an epoch, each epoch in
/// another order.
///
/// Stateless: place t of a run follows from seed and count alone. To resume at step s with batches
/// of B images over all workers, go on at place s x B; any number of workers that share the batch
/// sees the same images.
public struct EpochOrder: Equatable, Sendable {
  /// Each gives another run.
  public let seed: UInt64
  /// Number of images.
  public let count: Int

  /// - Parameter count: number of images, at least 1.
  public init(seed: UInt64, count: Int) {
    precondition(count > 0)
    self.seed = seed
    self.count = count
  }

  /// The epoch of place `position` (from 0) of the run, and which of the images stands there, as an
  /// index in `0 ..< count`.
  public func image(at position: Int) -> (epoch: Int, index: Int) {
    precondition(position >= 0)
    let epoch = position / count
    return (epoch, order(ofEpoch: epoch)[position % count])
  }

  /// The order of one epoch.
  public func order(ofEpoch epoch: Int) -> KeyedPermutation {
    KeyedPermutation(
      key: KeyedPermutation.mix(seed) ^ KeyedPermutation.mix(~UInt64(epoch)), count: count)
  }

  /// The places of the run that one worker reads at a step: its share of the global batch, so that
  /// all workers' shares, one after the other, are the batch, whatever their number.
  ///
  /// - Parameters:
  ///   - globalBatch: images a step over all workers.
  ///   - rank: of the worker, in `0 ..< world`.
  ///   - world: number of workers; must divide `globalBatch`.
  public static func places(
    step: Int, globalBatch: Int, rank: Int, world: Int
  ) -> Range<Int> {
    precondition(step >= 0 && world > 0 && (0..<world).contains(rank))
    precondition(globalBatch > 0 && globalBatch % world == 0)
    let share = globalBatch / world
    let start = step * globalBatch + rank * share
    return start..<start + share
  }
}
