public import Regions
import Tensors

/// The references that show what distillation buys (table 1 of the paper): the teacher itself looks
/// at the crop of every region.
extension RegionScores {
  /// The teacher's own classification: the softmax over the categories alone.
  ///
  /// - Parameters:
  ///   - regions: R, with the teacher's embeddings of their crops, unit vectors.
  ///   - usesObjectness: whether the scores are the geometric mean with the regions' own.
  ///   - temperature: of the softmax, the student's.
  public init(
    teacher regions: EmbeddedRegions, for categories: AskedCategories, usesObjectness: Bool,
    temperature: Float
  ) {
    let embeddings = Tensor(embeddingsOf: [regions], width: categories.embeddings.shape[1])
    self.init(
      NameClassifier(image: .init(rows: embeddings, temperature: temperature)), for: categories,
      objectness: usesObjectness ? regions.regions.scores : nil)
  }
}
