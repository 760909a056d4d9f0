public import Tensors

/// The references that show what distillation buys (table 1 of the paper): the teacher itself looks
/// at the crop of every region.
extension RegionScores {
  /// The teacher's own classification: the softmax over the categories alone.
  ///
  /// - Parameters:
  ///   - embeddings: [R, D] unit rows, the teacher's of the regions' crops.
  ///   - objectness: [R], the regions' own scores, where the scores are to be the geometric mean with them.
  ///   - names: [C, D] unit rows, text embeddings.
  ///   - temperature: of the softmax, the student's.
  public init(
    teacher embeddings: Tensor, objectness: [Float]? = nil, names: Tensor, temperature: Float
  ) {
    let classes = RegionScores(TiledSoftmax(embeddings, columns: names, factor: 1 / temperature))
    guard let objectness else {
      self = classes
      return
    }
    self.init(regions: classes.regions, categories: classes.categories) { tile in
      var scores = classes(tile)
      let width = tile.count
      scores.withMutableElements { p in
        for row in 0..<objectness.count {
          for i in row * width..<(row + 1) * width { p[i] = (p[i] * objectness[row]).squareRoot() }
        }
      }
      return scores
    }
  }
}
