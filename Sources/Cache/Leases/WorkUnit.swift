/// A leased piece of work: the images of one shard.
public struct WorkUnit: Equatable, Sendable {
  /// Also the shard's number.
  public let id: Int
  /// In the order in which their records are to be published.
  public let imageIDs: [Int]
  /// 1 for the first try; more where earlier holders died or hung.
  public let attempt: Int
  /// Whether its holder has nothing else in work: its one image is suspected.
  let isAlone: Bool
  /// Whether its one image ended the last ones who tried it, each alone with it.
  let isHopeless: Bool
  /// Grows with every lease, so that a holder who lost the lease cannot publish.
  let token: Int

  /// How many holders a unit may cost before it is cut into units of one image, and how many in a
  /// row that had begun it and had nothing else in work, before such an image counts as the cause.
  static let tries = 2
}
