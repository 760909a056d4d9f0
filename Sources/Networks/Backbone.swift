public import Tensors

/// A network that turns pixels into feature maps, for a detector to build on.
///
/// Letters: B images, H x W pixels.
public protocol Backbone: Sendable {
  /// How pixels must be normalised for its weights.
  var pixels: PixelNormalization { get }

  /// Channels of the maps of `features`.
  var featureChannels: [Int] { get }

  /// Feature maps at strides 4, 8, 16 and 32.
  ///
  /// - Parameter x: [B, H, W, 3], H and W multiples of 32.
  /// - Returns: [B, H / 4, W / 4, C2] to [B, H / 32, W / 32, C5]
  func features(_ x: Variable) -> [Variable]

  /// What `features` uses, under the checkpoint's names and in our layouts; trained or not.
  var featureParameters: [Parameter] { get }

  /// The same function for inference, every norm folded into its convolution.
  ///
  /// - Parameter precision: of the products, and of the maps of `features`; must be available.
  func folded(_ precision: Precision) -> Self
}

/// What is subtracted from pixels and what they are divided by.
public struct PixelNormalization: Hashable, Sendable {
  /// Of red, green and blue in 0...255.
  public let mean: [Float]
  /// Of red, green and blue in 0...255.
  public let standardDeviation: [Float]

  /// ImageNet's, for torchvision's ResNets and EfficientNet-B0 to B7.
  public static let imageNet = PixelNormalization(
    mean: [0.485 * 255, 0.456 * 255, 0.406 * 255],
    standardDeviation: [0.229 * 255, 0.224 * 255, 0.225 * 255])

  /// EfficientNet-Lite's own, about -1...1.
  public static let lite = PixelNormalization(
    mean: [127, 127, 127], standardDeviation: [128, 128, 128])
}
