/// A leased piece of work: the images of one shard.
public struct WorkUnit: Equatable, Sendable {
  /// Also the shard's number.
  public let id: Int
  /// In the order in which their records are to be published.
  public let imageIDs: [Int]
  /// 1 for the first try; more where earlier holders died or let the lease run out.
  public let attempt: Int
  /// Grows with every lease, so that a holder who lost the lease cannot publish.
  let token: Int
}
