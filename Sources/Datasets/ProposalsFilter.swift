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
  /// The most per image, the best of those that pass; at least 0.
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
    let kept = proposals.regions.filter { region in
      let box = region.box
      return box.width >= minimumWidth && box.height >= minimumHeight && box.area >= minimumArea
        && region.score >= minimumScore
    }
    return Proposals(imageID: proposals.imageID, regions: Array(kept.prefix(top)))
  }
}
