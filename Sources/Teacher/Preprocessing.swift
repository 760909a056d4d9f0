public import Images
public import Regions
public import Tensors

/// How pixels become the input of an image tower. Part of a cache's recipe.
public struct Preprocessing: Hashable, Sendable, Codable {
  /// What happens to a crop that is not square.
  public enum Fit: String, Hashable, Sendable, Codable, CaseIterable {
    /// Width and height are scaled apart.
    case squash
    /// The short side is scaled to the input's, then the middle is cut out, as Hugging Face's
    /// processor does with whole images; the ends of elongated crops are not seen.
    case centreCrop = "centre_crop"
    /// Width and height are scaled apart to `shortSide`, then the middle is cut out, as
    /// EfficientNet's processor does with whole images; the margin of crops is not seen.
    case squashedCentre = "squashed_centre"
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
  /// What is cut into scales the short side, or both, to this, at least S; nil is S.
  public var shortSide: Int?

  /// All choices at once.
  public init(
    size: Int, mean: SIMD3<Float>, standardDeviation: SIMD3<Float>, filter: ResizeFilter = .bicubic,
    fit: Fit = .squash, shortSide: Int? = nil
  ) {
    precondition(
      shortSide ?? size >= size, "a centre crop of \(size) from a side of \(shortSide ?? 0)")
    self.size = size
    self.mean = mean
    self.standardDeviation = standardDeviation
    self.filter = filter
    self.fit = fit
    self.shortSide = shortSide
  }

  /// Whether every level becomes a finite number.
  var isFinite: Bool {
    (0..<3).allSatisfy { channel in
      [0, 255].allSatisfy { ((Float($0) - mean[channel]) / standardDeviation[channel]).isFinite }
    }
  }

  /// How crops become squares of pixels, as recipes have it: another way has another name.
  public var resizing: String {
    "\(filter.rawValue) \(fit.rawValue)\(shortSide.map { " of \($0)" } ?? "")"
  }

  /// The tower's input for some crops of an image: [number of crops, S, S, 3].
  ///
  /// - Parameter crops: what lies outside the image is black.
  public func pixels(of crops: some Collection<PixelRect>, in image: Image) -> Tensor {
    Tensor([crops.count, size, size, 3]) { out in
      for (number, crop) in crops.enumerated() {
        let (width, height) = resizedSides(of: crop)
        // Python's integer division, which Hugging Face's processor cuts with.
        let (left, top) = ((width - size) / 2, (height - size) / 2)
        image.writeResizedCrop(
          crop, width: width, height: height,
          window: PixelRect(x0: left, y0: top, x1: left + size, y1: top + size), filter: filter,
          mean: mean, standardDeviation: standardDeviation,
          into: out.baseAddress! + number * size * size * 3)
      }
    }
  }

  /// What a crop is resized to before the middle is cut out; fractions of the long side are dropped.
  private func resizedSides(of crop: PixelRect) -> (width: Int, height: Int) {
    let (short, side) = (min(crop.width, crop.height), shortSide ?? size)
    switch fit {
    case .squash: return (size, size)
    case .squashedCentre: return (side, side)
    case .centreCrop: return (side * crop.width / short, side * crop.height / short)
    }
  }
}

extension ResizeFilter: Codable {}

extension Preprocessing: CustomStringConvertible {
  /// "224x224 pixels, bicubic, levels less (123, 117, 104) over (69, 67, 70)".
  public var description: String {
    func levels(_ x: SIMD3<Float>) -> String {
      "(\((0..<3).map { "\((x[$0] * 100).rounded() / 100)" }.joined(separator: ", ")))"
    }
    return "\(size)x\(size) pixels, \(filter.rawValue), levels less \(levels(mean)) over "
      + levels(standardDeviation)
  }
}
