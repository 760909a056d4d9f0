import Images
import Regions
import Student
import Support
import Tensors

/// Large-scale jitter (Ghiasi et al., 2021): the image at a random size, relative to one that fits
/// a square, and a random part of it of the square's size; padded at the bottom and right where the
/// image is smaller.
struct JitteredCut {
  /// The whole image's size after resizing.
  private let width, height: Int
  /// The side of the input.
  private let side: Int
  /// The part of the resized image that is kept.
  let window: PixelRect
  /// Resized pixels an original pixel.
  let scaleX, scaleY: Float

  init(
    _ image: Image, _ configuration: TrainingConfiguration, using generator: inout SeededGenerator
  ) {
    let output = configuration.outputSide
    let (low, high) = (Double(configuration.smallestScale), Double(configuration.largestScale))
    let scale =
      (low + (high - low) * generator.nextUniform()) * Double(output)
      / Double(max(image.width, image.height))
    width = max(1, Int((Double(image.width) * scale).rounded()))
    height = max(1, Int((Double(image.height) * scale).rounded()))
    scaleX = Float(width) / Float(image.width)
    scaleY = Float(height) / Float(image.height)
    side = DetectorInput.padded(output)
    let left = Int.random(in: 0...max(0, width - output), using: &generator)
    let top = Int.random(in: 0...max(0, height - output), using: &generator)
    window = PixelRect(
      x0: left, y0: top, x1: min(width, left + output), y1: min(height, top + output))
  }

  /// The pixels of the part, normalised; only they are computed.
  func input(_ image: Image, mean: [Float], standardDeviation: [Float]) -> DetectorInput {
    let row = window.width * 3
    let part = [Float](unsafeUninitializedCapacity: row * window.height) { output, filled in
      image.writeResizedCrop(
        image.bounds, width: width, height: height, window: window, filter: .bilinear,
        mean: SIMD3(mean[0], mean[1], mean[2]),
        standardDeviation: SIMD3(
          standardDeviation[0], standardDeviation[1], standardDeviation[2]),
        into: output.baseAddress!)
      filled = row * window.height
    }
    let pixels = Tensor([1, side, side, 3]) { output in
      output.initialize(repeating: 0)
      part.withUnsafeBufferPointer { part in
        for y in 0..<window.height {
          for i in 0..<row { output[y * side * 3 + i] = part[y * row + i] }
        }
      }
    }
    return DetectorInput(
      pixels: pixels, width: window.width, height: window.height, scaleX: scaleX, scaleY: scaleY)
  }
}
