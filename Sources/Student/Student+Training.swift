public import Regions
public import Tensors

/// The parts of a training step that have gradients; the losses are put together elsewhere.
extension Student {
  /// What the method says of regions.
  ///
  /// - Parameters:
  ///   - features: the pyramid of B images, finest first.
  ///   - sampled: regions of each image for classes and boxes, in pixels of the network's input.
  ///   - distilled: regions of each image whose embeddings the teacher gives.
  ///   - names: [C, D] unit rows, the text embeddings of the base categories.
  /// - Returns: rows image after image.
  public func train(
    _ features: [Variable], sampled: [[Box]], distilled: [[Box]], names: Tensor
  ) -> RegionTraining {
    regions.train(
      pooling(features, sampled, distilled, size: configuration.regions.poolSize),
      sampled: sampled.reduce(0) { $0 + $1.count }, names: names)
  }

  /// Mask logits of regions of each image, [R, side, side]; nil for a student without masks.
  public func maskLogits(_ features: [Variable], regions: [[Box]]) -> Variable? {
    masks.map { $0(pooling(features, regions, size: configuration.masks.poolSize)) }
  }
}
