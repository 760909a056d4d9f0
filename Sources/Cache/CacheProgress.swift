/// How far a cache is.
public struct CacheProgress: Equatable, Sendable {
  /// Images the cache is to hold.
  public var total: Int
  /// Finished images by how they ended.
  public var byStatus: [ImageStatus: Int]
  /// Regions held.
  public var regions: Int

  /// Finished images, failed ones included.
  public var done: Int { byStatus.values.reduce(0, +) }
  /// Images that could not be used.
  public var failures: Int { byStatus.filter(\.key.isFailure).values.reduce(0, +) }
  /// Whether every image has its row.
  public var isComplete: Bool { done == total }
}
