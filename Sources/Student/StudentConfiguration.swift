/// The sizes and thresholds of the detector; the defaults are the paper's (appendix, and the
/// official configuration).
public struct StudentConfiguration: Codable, Hashable, Sendable {
  public var backbone = BackboneConfiguration()
  public var pyramid = PyramidConfiguration()
  public var proposals = ProposalConfiguration()
  public var regions = RegionHeadConfiguration()

  public init() {}
}

/// The network that turns pixels into feature maps.
public struct BackboneConfiguration: Codable, Hashable, Sendable {
  /// `efficientnet-lite0` to `efficientnet-lite4`.
  public var family = "efficientnet-lite0"
  /// How many parts, counted from the input, keep their pretrained weights: 1 is the stem, 2 the
  /// stem and the first stage, and so on.
  public var frozenStages = 2

  public init() {}
}

/// The feature pyramid (Lin et al., 2017).
public struct PyramidConfiguration: Codable, Hashable, Sendable {
  /// Channels of every level.
  public var channels = 256
  /// The finest level: its stride is 2 to this power.
  public var finestLevel = 2
  /// The coarsest level; levels above 5 are made by subsampling.
  public var coarsestLevel = 6

  public init() {}

  public var levels: [Int] { Array(finestLevel...coarsestLevel) }
}

/// The proposal network's head, its anchors, and how its boxes are chosen.
public struct ProposalConfiguration: Codable, Hashable, Sendable {
  /// 3x3 convolutions before the two outputs.
  public var convolutions = 2
  /// The anchor's side in strides of its level.
  public var anchorScale: Float = 8
  /// Height divided by width of the anchors at each cell.
  public var aspectRatios: [Float] = [1, 2, 0.5]
  /// Anchors are foreground from this IoU with an object, background below `backgroundOverlap`.
  public var foregroundOverlap: Float = 0.7
  public var backgroundOverlap: Float = 0.3
  /// Anchors an image that the loss looks at, and the largest share of foreground among them.
  public var sampledAnchors = 256
  public var foregroundShare = 0.5
  /// Times the Huber loss (delta 1/9), a mean over the foreground the sample has room for.
  public var boxLossWeight: Float = 1
  /// Boxes a level considered before suppression, and kept after it.
  public var candidates = 1000
  public var kept = 1000
  /// Suppression within the student; the offline proposals have their own.
  public var nmsThreshold = 0.7

  public init() {}
}

/// The second stage: what happens to a region.
public struct RegionHeadConfiguration: Codable, Hashable, Sendable {
  /// Cells of RoIAlign along each side.
  public var poolSize = 7
  /// A region of this side in pixels (of the resized image) is read from level 4.
  public var canonicalSize: Float = 224
  /// 3x3 convolutions, with the pyramid's channels, before the fully connected layers.
  public var convolutions = 4
  /// Widths of the fully connected layers.
  public var fullyConnected = [1024, 1024]
  /// Regions an image sampled for the classification and box losses, the largest share of
  /// foreground among them, and the IoU from which a region is foreground.
  public var sampledRegions = 512
  public var foregroundShare = 0.25
  public var foregroundOverlap: Float = 0.5
  /// Times the Huber loss (delta 1), a mean over the foreground the sample has room for.
  public var boxLossWeight: Float = 1
  /// The softmax temperature of ViLD-text (section 3.2).
  public var temperature: Float = 0.01

  public init() {}
}
