/// An image of a cache that could not be used.
public struct ImageFailure: Equatable, Sendable {
  /// The data set's.
  public var imageID: Int
  /// What kind of failure.
  public var status: ImageStatus
  /// Why, in one line.
  public var error: String
}
