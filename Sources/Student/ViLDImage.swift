import Support
public import Tensors

/// ViLD-image (section 3.3): embeddings are learned from the teacher alone, boxes from labels
/// whatever their category.
public struct ViLDImage: RegionMethod {
  package private(set) var head: RegionHead
  package let temperature: Float

  init(
    _ configuration: StudentConfiguration, embeddingWidth: Int,
    using generator: inout SeededGenerator
  ) {
    head = RegionHead(configuration, embeddingWidth: embeddingWidth, using: &generator)
    temperature = configuration.regions.temperature
  }

  /// There are no logits: no label says what a region is.
  public func train(_ regions: Variable, sampled: Int, names: Tensor) -> RegionTraining {
    let (embeddings, deltas) = head(regions)
    return RegionTraining(
      logits: nil, deltas: gatherRows(deltas, Array(0..<sampled)),
      embeddings: gatherRows(embeddings, Array(sampled..<regions.shape[0])))
  }

  public func describe(
    _ regions: Variable
  ) -> (description: RegionDescription, deltas: Tensor) {
    let (embeddings, deltas) = head(regions)
    return (RegionDescription(image: embeddings.value), deltas.value)
  }

  /// The softmax over the categories alone: the teacher knows no background, and the paper's
  /// p_image has none. Objectness takes no part, so that every region is some category.
  public func scores(
    _ regions: RegionDescription, for categories: AskedCategories
  ) -> RegionScores {
    guard let image = regions.image else { preconditionFailure("regions of another method") }
    return RegionScores(
      NameClassifier(image: .init(rows: image, temperature: temperature)), for: categories)
  }

  public func folded(_ precision: Precision) -> ViLDImage {
    var copy = self
    copy.head = head.folded(precision)
    return copy
  }

  public var parameters: [Parameter] { head.parameters }
}
