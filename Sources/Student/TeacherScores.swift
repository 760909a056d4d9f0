public import Regions
public import Tensors

/// The references that show what distillation buys (table 1 of the paper): the teacher itself looks
/// at the crop of every region.
extension RegionScores {
  /// The teacher's own classification: the softmax over the categories alone.
  ///
  /// - Parameters:
  ///   - regions: R, with the teacher's embeddings of their crops, unit vectors.
  ///   - names: [C, D] unit rows, text embeddings.
  ///   - usesObjectness: whether the scores are the geometric mean with the regions' own.
  ///   - temperature: of the softmax, the student's.
  public init(
    teacher regions: EmbeddedRegions, names: Tensor, usesObjectness: Bool, temperature: Float
  ) {
    let embeddings = Tensor(embeddingsOf: [regions], width: names.shape[1])
    let classes = RegionScores(TiledSoftmax(embeddings, columns: names, factor: 1 / temperature))
    guard usesObjectness else {
      self = classes
      return
    }
    let objectness = regions.regions.scores
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
