import Support
public import Tensors

/// ViLD-text (section 3.2): regions are classified by text, nothing is distilled.
public struct ViLDText: RegionMethod {
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
    let (embeddings, deltas) = head(gatherRows(regions, Array(0..<sampled)))
    return RegionTraining(
      logits: classifier.logits(embeddings, categories: names), deltas: deltas, embeddings: nil)
  }

  public func describe(
    _ regions: Variable
  ) -> (description: RegionDescription, deltas: Tensor) {
    let (embeddings, deltas) = head(regions)
    return (RegionDescription(text: embeddings.value), deltas.value)
  }

  /// The softmax over background and categories, without background. Where the teacher has embedded
  /// the regions' crops, it takes the place of an ensemble's image head (the paper's "ViLD-text +
  /// CLIP").
  public func scores(
    _ regions: RegionDescription, for categories: AskedCategories
  ) -> RegionScores {
    guard let text = regions.text else { preconditionFailure("regions of another method") }
    return RegionScores(
      NameClassifier(
        text: classifier.head(text),
        image: regions.image.map { .init(rows: $0, temperature: classifier.temperature) }),
      for: categories)
  }

  public func folded(_ precision: Precision) -> ViLDText {
    var copy = self
    copy.head = head.folded(precision)
    return copy
  }

  public var parameters: [Parameter] { head.parameters + classifier.parameters }
}
