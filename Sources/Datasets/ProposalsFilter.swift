public import Regions

/// Which proposals are worth an embedding.
public struct ProposalsFilter: Hashable, Sendable {
  /// In pixels of the original image.
  public var minimumWidth: Float
  /// Likewise.
  public var minimumHeight: Float
  /// In square pixels.
  public var minimumArea: Float
  /// In 0...1.
  public var minimumScore: Float
  /// The most an image, the best of those that pass; at least 0.
  public var top: Int

  /// By default everything passes.
  public init(
    minimumWidth: Float = 0, minimumHeight: Float = 0, minimumArea: Float = 0,
    minimumScore: Float = 0, top: Int = .max
  ) {
    precondition(top >= 0)
    self.minimumWidth = minimumWidth
    self.minimumHeight = minimumHeight
    self.minimumArea = minimumArea
    self.minimumScore = minimumScore
    self.top = top
  }

  /// What is left of an image's proposals, in their order; perhaps none.
  public func kept(of proposals: Proposals) -> Proposals {
    let kept = proposals.boxes.indices.filter { index in
      let box = proposals.boxes[index]
      return box.width >= minimumWidth && box.height >= minimumHeight && box.area >= minimumArea
        && proposals.scores[index] >= minimumScore
    }.prefix(top)
    return Proposals(
      imageID: proposals.imageID, boxes: kept.map { proposals.boxes[$0] },
      scores: kept.map { proposals.scores[$0] })
  }
}
