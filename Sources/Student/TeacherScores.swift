public import Tensors

/// The references that show what distillation buys (table 1 of the paper): the teacher itself looks
/// at the crop of every region.
extension RegionScores {
  /// The teacher's own classification: the softmax over the categories alone.
  ///
  /// - Parameters:
  ///   - embeddings: [R, D] unit rows, the teacher's of the regions' crops.
  ///   - objectness: [R], the regions' own scores, where the scores are to be the geometric mean with them.
  ///   - temperature: of the softmax, the student's.
  public init(
    teacher embeddings: Tensor, objectness: [Float]? = nil, for categories: AskedCategories,
    temperature: Float
  ) {
    self.init(
      NameClassifier(image: .init(rows: embeddings, temperature: temperature)), for: categories,
      objectness: objectness)
  }
}
