public import Tensors

/// A frozen network that embeds pictures of one size: the image half of a teacher.
public protocol ImageTower: Sendable {
  /// The width D of an embedding.
  var width: Int { get }

  /// Embeds a batch of normalised pictures.
  ///
  /// - Parameter pixels: [B, S, S, 3], normalised as the tower was trained.
  /// - Returns: [B, D], not divided by their length.
  func embed(pixels: Tensor) -> Tensor
}
