public import Support
public import Tensors

/// The image half of a CLIP as it is trained; `frozen` makes what embeds.
///
/// Letters: B images, S side, D embedding width.
public protocol CLIPImageTower: ImageTower {
  /// The sizes.
  var sizes: CLIPConfiguration.Vision { get }

  /// S: width and height of the input in pixels.
  var imageSize: Int { get }

  /// [B, S, S, 3] to [B, D], not divided by its length.
  func callAsFunction(_ pixels: Variable) -> Variable

  /// All parameters, under the checkpoint's names and in our layouts.
  var parameters: [Parameter] { get }

  /// The same function for inference alone.
  ///
  /// - Throws: `InputError` (`configuration`) for a precision that this tower, build or processor
  ///   does not have.
  func frozen(precision: Precision) throws(InputError) -> any ImageTower
}

extension VisionTransformer: CLIPImageTower {
  public var sizes: CLIPConfiguration.Vision { .transformer(configuration) }

  public var imageSize: Int { configuration.imageSize }

  public func frozen(precision: Precision) throws(InputError) -> any ImageTower {
    try precision.requireAvailable()
    return FrozenVisionTransformer(self, precision: precision)
  }
}
