public import Images
public import Regions
public import Tensors

/// An image as the detector sees it: resized to fit, normalised, padded at the bottom and right.
public struct DetectorInput: Sendable {
  /// [1, H, W, 3], sides a multiple of `multiple`.
  public let pixels: Tensor
  /// Pixels of the resized image, without the padding.
  public let width: Int
  public let height: Int
  /// Resized pixels an original pixel, along x and y.
  public let scaleX: Float
  public let scaleY: Float

  /// Sides are padded to a multiple of the coarsest backbone stride, so that cells and pixels align.
  package static let multiple = 32

  /// `side` or the next larger multiple that the network takes.
  public static func padded(_ side: Int) -> Int { (side + multiple - 1) / multiple * multiple }

  /// An input whose pixels were made elsewhere, as by an augmentation that cuts a part out.
  ///
  /// - Parameter pixels: [1, H, W, 3], sides as `padded` gives them.
  public init(pixels: Tensor, width: Int, height: Int, scaleX: Float, scaleY: Float) {
    self.pixels = pixels
    self.width = width
    self.height = height
    self.scaleX = scaleX
    self.scaleY = scaleY
  }

  /// - Parameters:
  ///   - longSide: the longer side after resizing, in pixels.
  ///   - mean: per channel, of 0...255 values, and the deviation to divide by.
  public init(_ image: Image, longSide: Int, mean: [Float], standardDeviation: [Float]) {
    let scale = Double(longSide) / Double(max(image.width, image.height))
    width = max(1, Int((Double(image.width) * scale).rounded()))
    height = max(1, Int((Double(image.height) * scale).rounded()))
    scaleX = Float(width) / Float(image.width)
    scaleY = Float(height) / Float(image.height)
    let resized = image.resized(width: width, height: height, filter: .bilinear)
    let paddedWidth = (width + Self.multiple - 1) / Self.multiple * Self.multiple
    let paddedHeight = (height + Self.multiple - 1) / Self.multiple * Self.multiple
    pixels = Tensor([1, paddedHeight, paddedWidth, 3]) { out in
      out.initialize(repeating: 0)
      resized.pixels.withUnsafeBufferPointer { pixels in
        for y in 0..<resized.height {
          let from = y * resized.width * 3
          let to = y * paddedWidth * 3
          for i in 0..<resized.width * 3 {
            out[to + i] = (Float(pixels[from + i]) - mean[i % 3]) / standardDeviation[i % 3]
          }
        }
      }
    }
  }

  /// Images under one another, padded at the bottom and right to the size of the largest.
  ///
  /// - Parameter inputs: at least one.
  /// - Returns: [B, H, W, 3]
  public static func batch(_ inputs: [DetectorInput]) -> Tensor {
    let height = inputs.map { $0.pixels.shape[1] }.max()!
    let width = inputs.map { $0.pixels.shape[2] }.max()!
    if inputs.count == 1 { return inputs[0].pixels }
    return Tensor([inputs.count, height, width, 3]) { out in
      out.initialize(repeating: 0)
      for (image, input) in inputs.enumerated() {
        let row = input.pixels.shape[2] * 3
        input.pixels.withElements { pixels in
          for y in 0..<input.pixels.shape[1] {
            let to = (image * height + y) * width * 3
            _ = out[to..<to + row].update(fromContentsOf: pixels[y * row..<(y + 1) * row])
          }
        }
      }
    }
  }

  /// A box of the original image in resized pixels.
  public func resized(_ box: Box) -> Box {
    Box(x0: box.x0 * scaleX, y0: box.y0 * scaleY, x1: box.x1 * scaleX, y1: box.y1 * scaleY)
  }

  /// A box of the resized image in original pixels.
  public func original(_ box: Box) -> Box {
    Box(x0: box.x0 / scaleX, y0: box.y0 / scaleY, x1: box.x1 / scaleX, y1: box.y1 / scaleY)
  }
}
