public import Networks
import Regions
import Support
public import Tensors

/// The two-stage student (figure 2 of the paper): proposals, then for each region a box, a mask,
/// and what a method says of what it is.
public struct Student: Sendable {
  public internal(set) var configuration: StudentConfiguration
  public let method: Method
  /// D, the teacher's.
  public let embeddingWidth: Int
  public private(set) var proposals: ProposalNetwork
  /// What becomes of regions: the part that differs between the methods.
  public private(set) var regions: any RegionMethod
  package private(set) var masks: MaskHead?
  package let pooling: RegionPooling

  /// - Parameters:
  ///   - backbone: usually pretrained.
  ///   - baseCategories: their names, in the order of the labels; only `supervised` is built for them.
  ///   - embeddingWidth: the teacher's.
  ///   - seed: of the new layers' initial weights.
  public init(
    backbone: any Backbone, configuration: StudentConfiguration, method: Method,
    baseCategories: [String], embeddingWidth: Int, seed: UInt64
  ) {
    var generator = SeededGenerator(seed: seed, stream: 0)
    self.configuration = configuration
    self.method = method
    self.embeddingWidth = embeddingWidth
    proposals = ProposalNetwork(
      backbone: backbone, configuration: configuration, using: &generator)
    regions =
      switch method {
      case .supervised:
        Supervised(configuration, categories: baseCategories, using: &generator)
      case .vildText:
        ViLDText(configuration, embeddingWidth: embeddingWidth, using: &generator)
      case .vildImage:
        ViLDImage(configuration, embeddingWidth: embeddingWidth, using: &generator)
      case .vild:
        ViLD(configuration, embeddingWidth: embeddingWidth, using: &generator)
      case .vildEnsemble:
        ViLDEnsemble(configuration, embeddingWidth: embeddingWidth, using: &generator)
      }
    masks = configuration.masks.enabled ? MaskHead(configuration, using: &generator) : nil
    pooling = RegionPooling(configuration)
  }

  /// How the backbone wants its pixels.
  public var pixels: PixelNormalization { proposals.pixels }

  /// The same student for inference, norms folded into the layers before them.
  ///
  /// - Parameter precision: of convolutions and fully connected layers, and of the maps between them;
  ///   must be available. Boxes, scores, embeddings and mask cells are float32 in any case.
  public func folded(_ precision: Precision = .float32) -> Student {
    var copy = self
    copy.proposals = proposals.folded(precision)
    copy.regions = regions.folded(precision)
    copy.masks = masks?.folded(precision)
    return copy
  }

  /// All parameters, running statistics among them; names differ.
  public var parameters: [Parameter] {
    proposals.parameters + regions.parameters + (masks?.parameters ?? [])
  }
}
