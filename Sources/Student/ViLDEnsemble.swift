import Support
public import Tensors

/// ViLD-ensemble (section 3.4): two heads that share nothing above RoIAlign. The text head learns
/// from labels and gives the boxes; the image head learns from the teacher.
public struct ViLDEnsemble: RegionMethod {
  package private(set) var text: RegionHead
  package let classifier: TextClassifier
  package private(set) var imageTrunk: RegionTrunk
  package private(set) var imageProjection: Linear
  package let temperature: Float

  init(
    _ configuration: StudentConfiguration, embeddingWidth: Int,
    using generator: inout SeededGenerator
  ) {
    text = RegionHead(configuration, embeddingWidth: embeddingWidth, using: &generator)
    temperature = configuration.regions.temperature
    classifier = TextClassifier(
      embeddingWidth: embeddingWidth, temperature: temperature, using: &generator)
    imageTrunk = RegionTrunk(configuration, name: "image", using: &generator)
    imageProjection = .new(
      "image.projection", from: imageTrunk.width, to: embeddingWidth, using: &generator)
  }

  public func train(_ regions: Variable, sampled: Int, names: Tensor) -> RegionTraining {
    let (embeddings, deltas) = text(gatherRows(regions, Array(0..<sampled)))
    let distilled = Array(sampled..<regions.shape[0])
    return RegionTraining(
      logits: classifier.logits(embeddings, categories: names), deltas: deltas,
      embeddings: imageEmbeddings(gatherRows(regions, distilled)))
  }

  private func imageEmbeddings(_ regions: Variable) -> Variable {
    l2Normalize(imageProjection(imageTrunk(regions)))
  }

  public func describe(
    _ regions: Variable
  ) -> (description: RegionDescription, deltas: Tensor) {
    let (embeddings, deltas) = text(regions)
    let image = imageEmbeddings(regions).value
    return (RegionDescription(text: embeddings.value, image: image), deltas.value)
  }

  /// p_text^λ p_image^(1 - λ) with each category's λ: p_text is the softmax over background and
  /// categories, p_image over the categories alone.
  public func scores(
    _ regions: RegionDescription, for categories: AskedCategories
  ) -> RegionScores {
    guard let text = regions.text, let image = regions.image else {
      preconditionFailure("regions of another method")
    }
    return RegionScores(
      NameClassifier(
        text: classifier.head(text), image: .init(rows: image, temperature: temperature)),
      for: categories)
  }

  public func folded(_ precision: Precision) -> ViLDEnsemble {
    var copy = self
    copy.text = text.folded(precision)
    copy.imageTrunk = imageTrunk.folded(precision)
    copy.imageProjection = imageProjection.folded(precision)
    return copy
  }

  public var parameters: [Parameter] {
    text.parameters + classifier.parameters + imageTrunk.parameters + imageProjection.parameters
  }
}
