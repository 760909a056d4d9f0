public import Regions
public import Tensors

extension Tensor {
  /// The embeddings of regions of several images, image after image: [R, D].
  ///
  /// - Parameter width: D, which no regions do not tell.
  public init(embeddingsOf images: [EmbeddedRegions], width: Int) {
    precondition(
      images.allSatisfy { $0.isEmpty || $0.width == width }, "embeddings of another width")
    self.init([images.reduce(0) { $0 + $1.count }, width]) { out in
      var filled = 0
      for image in images {
        _ = out[filled..<filled + image.vectors.count].update(fromContentsOf: image.vectors)
        filled += image.vectors.count
      }
    }
  }
}
