/// What the image loss would be by two answers that look at no region. A student whose loss is not
/// below the first has learnt no more of the teacher than one vector; below the second it tells the
/// regions of an image apart.
///
/// In the image loss's unit: |answer - teacher| summed over the embedding, mean over regions, where
/// each region counts as often as it is distilled.
public struct ImageLossBaselines: Equatable, Sendable {
  /// By the normalised mean of all embeddings.
  public let meanEmbedding: Double
  /// By the normalised mean of each image's own embeddings.
  public let imageMeanEmbedding: Double

  public init(meanEmbedding: Double, imageMeanEmbedding: Double) {
    (self.meanEmbedding, self.imageMeanEmbedding) = (meanEmbedding, imageMeanEmbedding)
  }
}
