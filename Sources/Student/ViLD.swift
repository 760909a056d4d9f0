import Support
public import Tensors

/// ViLD (section 3.3): one embedding that is classified by text where there are labels, and drawn
/// to the teacher's on the distilled regions.
public struct ViLD: RegionMethod {
  package private(set) var head: RegionHead
  package let classifier: TextClassifier

  init(
    _ configuration: StudentConfiguration, embeddingWidth: Int,
    using generator: inout SeededGenerator
  ) {
    head = RegionHead(configuration, embeddingWidth: embeddingWidth, using: &generator)
    classifier = TextClassifier(
      embeddingWidth: embeddingWidth, temperature: configuration.regions.temperature,
      using: &generator)
  }

  public func train(_ regions: Variable, sampled: Int, names: Tensor) -> RegionTraining {
    let (embeddings, deltas) = head(regions)
    let rows = Array(0..<sampled)
    return RegionTraining(
      logits: classifier.logits(gatherRows(embeddings, rows), categories: names),
      deltas: gatherRows(deltas, rows),
      embeddings: gatherRows(embeddings, Array(sampled..<regions.shape[0])))
  }

  /// Lets training begin with this embedding of background, D numbers, instead of a random one.
  public func startBackground(at embedding: [Float]) {
    classifier.startBackground(at: embedding)
  }

  public func describe(
    _ regions: Variable
  ) -> (description: RegionDescription, deltas: Tensor) {
    let (embeddings, deltas) = head(regions)
    return (RegionDescription(text: embeddings.value), deltas.value)
  }

  /// The softmax over background and categories, without background.
  public func scores(
    _ regions: RegionDescription, for categories: AskedCategories
  ) -> RegionScores {
    guard let text = regions.text else { preconditionFailure("regions of another method") }
    return RegionScores(NameClassifier(text: classifier.head(text)), for: categories)
  }

  public func folded(_ precision: Precision) -> ViLD {
    var copy = self
    copy.head = head.folded(precision)
    return copy
  }

  public var parameters: [Parameter] { head.parameters + classifier.parameters }
}
