public import Networks
public import Regions
import Support
public import Tensors

/// The two-stage student (figure 2 of the paper): proposals, then for each region a box and an
/// embedding in the teacher's space, which ViLD-text compares with names and ViLD-image with the
/// teacher's own embeddings.
public struct Student: Sendable {
  public let configuration: StudentConfiguration
  public private(set) var proposals: ProposalNetwork
  public let regions: RegionHead
  /// D, the teacher's.
  public let embeddingWidth: Int
  public let text: ViLDText

  /// - Parameters:
  ///   - backbone: pretrained.
  ///   - embeddingWidth: the teacher's.
  ///   - seed: of the new layers' initial weights.
  public init(
    backbone: EfficientNet, configuration: StudentConfiguration, embeddingWidth: Int, seed: UInt64
  ) {
    var generator = SeededGenerator(seed: seed, stream: 0)
    self.configuration = configuration
    self.embeddingWidth = embeddingWidth
    proposals = ProposalNetwork(
      backbone: backbone, configuration: configuration, using: &generator)
    regions = RegionHead(
      configuration: configuration, embeddingWidth: embeddingWidth, using: &generator)
    text = ViLDText(
      embeddingWidth: embeddingWidth, temperature: configuration.regions.temperature,
      using: &generator)
  }

  /// The same student for inference, the backbone's norms folded into its convolutions.
  public func folded() -> Student {
    var copy = self
    copy.proposals = proposals.folded()
    return copy
  }

  public var parameters: [Parameter] {
    proposals.parameters + regions.parameters + text.parameters
  }

  /// Boxes and embeddings of the best proposals of one image.
  public struct Regions {
    /// [R], in original pixels, clipped to the image
    public let boxes: [Box]
    /// [R] in 0...1
    public let objectness: [Float]
    /// [R, D] unit rows
    public let embeddings: Tensor
  }

  /// Runs the detector up to the embeddings: what follows depends on category names, this does not.
  ///
  /// - Parameter limit: how many proposals go through the second stage.
  public func detect(_ input: DetectorInput, limit: Int) -> Regions {
    let features = proposals.features(Variable(input.pixels))
    let (boxes, scores) = proposals.propose(
      proposals.predict(features), width: input.width, height: input.height,
      nmsThreshold: configuration.proposals.nmsThreshold, limit: limit)
    let output = regions(features, boxes)
    let refined = output.deltas.value.withElements { deltas in
      boxes.indices.map { i in
        let delta = SIMD4(deltas[4 * i], deltas[4 * i + 1], deltas[4 * i + 2], deltas[4 * i + 3])
        return input.original(
          BoxDeltas.boxHead.decode(delta, reference: boxes[i])
            .clipped(toWidth: Float(input.width), height: Float(input.height)))
      }
    }
    return Regions(boxes: refined, objectness: scores, embeddings: output.embeddings.value)
  }

  /// Probabilities of background and each category for detected regions: [R, 1 + C].
  public func probabilities(_ regions: Regions, categories: Tensor) -> Tensor {
    softmax(text.logits(Variable(regions.embeddings), categories: categories)).value
  }
}
