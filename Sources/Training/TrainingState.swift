/// All that a training run must remember to go on with the very images it would have seen.
public struct TrainingState: Codable, Equatable, Sendable {
  /// Of the order of images.
  public var seed: UInt64
  /// The next step, from 0.
  public var step: Int
  /// Images a step over all workers.
  public var globalBatch: Int
  /// Names the content that is read: a cache's `UsableImages.manifest`; empty where nothing is.
  public var manifest: String

  /// The fields, in their order.
  public init(seed: UInt64, step: Int = 0, globalBatch: Int, manifest: String) {
    self.seed = seed
    self.step = step
    self.globalBatch = globalBatch
    self.manifest = manifest
  }
}
