/// Regions of one image without embeddings, best first: its offline proposals, or annotated objects
/// in their place. None is a legal state.
public struct Proposals: Equatable, Sendable {
  /// The data set's image id, which finds its pixels.
  public var imageID: Int
  /// Their boxes are in pixels of the original image.
  public var regions: [Region]

  /// - Parameter regions: finite.
  public init(imageID: Int, regions: [Region] = []) {
    self.imageID = imageID
    self.regions = regions
  }
}
