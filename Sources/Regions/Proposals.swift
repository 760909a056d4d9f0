/// The offline proposals of one image, best first. No proposals is a legal state.
public struct Proposals: Equatable, Sendable {
  /// The data set's image id.
  public var imageID: Int
  /// Pixels of the original image.
  public var boxes: [Box]
  /// Objectness in 0...1, one a box.
  public var scores: [Float]

  /// - Parameter scores: one a box.
  public init(imageID: Int, boxes: [Box], scores: [Float]) {
    precondition(boxes.count == scores.count)
    self.imageID = imageID
    self.boxes = boxes
    self.scores = scores
  }
}
