public import Images
public import Regions
public import Tensors

/// How pixels become the input of an image tower. Part of a cache's recipe.
public struct Preprocessing: Hashable, Sendable, Codable {
  /// What happens to a crop that is not square.
  public enum Fit: String, Hashable, Sendable, Codable {
    /// Width and height are scaled apart.
    case squash
  }

  /// S: width and height of the input in pixels.
  public var size: Int
  /// Of red, green and blue, in levels of 0...255.
  public var mean: SIMD3<Float>
  /// Of red, green and blue, in levels of 0...255.
  public var standardDeviation: SIMD3<Float>
  /// How pixels are resampled.
  public var filter: ResizeFilter
  /// How crops that are not square are treated.
  public var fit: Fit

  /// All choices at once.
  public init(
    size: Int, mean: SIMD3<Float>, standardDeviation: SIMD3<Float>, filter: ResizeFilter = .bicubic,
    fit: Fit = .squash
  ) {
    self.size = size
    self.mean = mean
    self.standardDeviation = standardDeviation
    self.filter = filter
    self.fit = fit
  }

  /// The tower's input for some crops of an image: [number of crops, S, S, 3].
  ///
  /// - Parameter crops: what lies outside the image is black.
  public func pixels(of crops: some Collection<PixelRect>, in image: Image) -> Tensor {
    Tensor([crops.count, size, size, 3]) { out in
      for (number, crop) in crops.enumerated() {
        image.writeResizedCrop(
          crop, width: size, height: size, filter: filter, mean: mean,
          standardDeviation: standardDeviation,
          into: out.baseAddress! + number * size * size * 3)
      }
    }
  }
}

extension ResizeFilter: Codable {}
