/// The sizes and thresholds of the detector; the defaults are the paper's (appendix, and the
/// official configuration).
public struct StudentConfiguration: Codable, Hashable, Sendable {
  public var backbone = BackboneConfiguration()
  public var normalization = NormalizationConfiguration()
  public var pyramid = PyramidConfiguration()
  public var proposals = ProposalConfiguration()
  public var regions = RegionHeadConfiguration()
  public var masks = MaskHeadConfiguration()

  public init() {}
}

/// The network that turns pixels into feature maps.
public struct BackboneConfiguration: Codable, Hashable, Sendable {
  /// What becomes of the norms that come with a backbone's weights.
  public enum Norm: String, Codable, Hashable, Sendable, CaseIterable {
    /// They stay as they are.
    case frozen
    /// They are trained, with the statistics of a step's images together.
    case batch
  }

  /// Which network.
  public var family = BackboneFamily.resNet50
  /// Channels of the first stage's 3x3 convolutions, 64 in the published networks; all others are
  /// in proportion. For ResNets alone; nil for a network as published.
  public var width: Int?
  /// Whether the stride of a stage is on the first 1x1 convolution, as in the networks that detectron2's
  /// detectors are trained on, and not on the 3x3 one. For ResNets of bottlenecks alone; nil for false.
  public var stridesFirst: Bool?
  /// Of the parts that are trained; those of frozen parts are always frozen.
  public var norm = Norm.batch
  /// How many parts, counted from the input, keep their pretrained weights: 1 is the stem, 2 the
  /// stem and the first stage, and so on.
  public var frozenStages = 0

  public init() {}
}

/// The norms of the layers that are the student's own: pyramid, proposal network, heads.
public struct NormalizationConfiguration: Codable, Hashable, Sendable {
  public enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
    /// Batch normalisation over a step's images together.
    case batch
    /// A bias in its place.
    case none
  }

  public var kind = Kind.batch
  /// The share of the running statistics that a step leaves; the backbone's too. A run of a few
  /// hundred steps needs less than the paper's, such as 0.9.
  public var momentum: Float = 0.997
  /// Added to the variance; the backbone's norms have their own.
  public var epsilon: Float = 1e-4

  public init() {}
}

/// The feature pyramid (Lin et al., 2017).
public struct PyramidConfiguration: Codable, Hashable, Sendable {
  /// How levels above 5 are made.
  public enum Coarse: String, Codable, Hashable, Sendable, CaseIterable {
    /// By 3x3 convolutions with stride 2.
    case convolved
    /// Every second cell of the level below.
    case subsampled
  }

  /// Channels of every level.
  public var channels = 256
  /// The finest level: its stride is 2 to this power.
  public var finestLevel = 2
  /// The coarsest level.
  public var coarsestLevel = 6
  /// How levels above 5 are made.
  public var coarse = Coarse.convolved

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
  /// Times the Huber loss, a mean over the foreground the sample has room for.
  public var boxLossWeight: Float = 1
  /// Where the Huber loss turns from a square into a line.
  public var boxLossDelta: Float = 1 / 9
  /// Boxes a level considered before suppression, in training and otherwise.
  public var trainingCandidates = 2000
  public var candidates = 1000
  /// Boxes an image that the second stage may learn from.
  public var trainingKept = 1000
  /// Suppression within the student; the offline proposals have their own.
  public var nmsThreshold = 0.7
  /// Boxes with a shorter side, in pixels of the network's input, are dropped.
  public var smallestSide: Float = 0

  public init() {}
}

/// The second stage: what happens to a region.
public struct RegionHeadConfiguration: Codable, Hashable, Sendable {
  /// Cells of RoIAlign along each side.
  public var poolSize = 7
  /// Samples of RoIAlign along each side of a cell; the masks' too.
  public var samplingRatio = 2
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
  /// Times the Huber loss, a mean over the foreground the sample has room for.
  public var boxLossWeight: Float = 1
  /// Where the Huber loss turns from a square into a line.
  public var boxLossDelta: Float = 1
  /// The softmax temperature of text and image classification (section 3.2).
  public var temperature: Float = 0.01

  public init() {}
}

/// The class-agnostic mask head (Mask R-CNN, He et al., 2017).
public struct MaskHeadConfiguration: Codable, Hashable, Sendable {
  /// Whether there are masks at all.
  public var enabled = true
  /// Cells of RoIAlign along each side; masks have twice as many.
  public var poolSize = 14
  /// 3x3 convolutions, with the pyramid's channels, before the transposed one.
  public var convolutions = 4
  /// Foreground regions an image that the loss looks at, at most.
  public var sampledRegions = 128
  /// Times the mean cross-entropy of the masks' cells.
  public var lossWeight: Float = 1

  public init() {}

  /// Cells of a mask along each side.
  public var side: Int { 2 * poolSize }
}
