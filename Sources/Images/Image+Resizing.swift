import CImageCodecs
public import Regions
import Support

/// How an image is resampled; both widen with the scale, so that a reduced image does not alias.
public enum ResizeFilter: String, Sendable, CaseIterable {
  /// A triangle of one pixel each side.
  case bilinear
  /// Keys' cubic with a = -0.5, two pixels each side.
  case bicubic

  fileprivate var code: image_filter { self == .bilinear ? IMAGE_BILINEAR : IMAGE_BICUBIC }
}

extension Image {
  /// The image at another size, equal to what Pillow's `Image.resize` gives.
  ///
  /// Takes time in proportion to (source pixels x taps); safe to call from several threads.
  public func resized(width: Int, height: Int, filter: ResizeFilter) -> Image {
    resizedCrop(bounds, width: width, height: height, filter: filter)
  }

  /// The pixels inside `rect` at another size, as if cropped first: nothing outside `rect` is seen.
  ///
  /// - Parameter rect: not empty; what lies outside the image is black, as Pillow's `crop` makes it.
  public func resizedCrop(
    _ rect: PixelRect, width: Int, height: Int, filter: ResizeFilter
  ) -> Image {
    let count = width * height * 3
    let result = [UInt8](unsafeUninitializedCapacity: count) { output, filled in
      let whole = PixelRect(x0: 0, y0: 0, x1: width, y1: height)
      resample(rect, width, height, whole, filter, bytes: output.baseAddress)
      filled = count
    }
    return Image(width: width, height: height, pixels: result)
  }

  /// The same pixels as a network wants them: (level - mean) / standard deviation, where levels are
  /// 0 ... 255.
  ///
  /// - Parameters:
  ///   - rect: not empty; what lies outside the image is black.
  ///   - window: the part of the resized crop that is written, and alone computed; all of it by
  ///     default.
  ///   - mean: of red, green and blue, in levels of 0 ... 255.
  ///   - standardDeviation: of red, green and blue, in levels of 0 ... 255.
  ///   - output: takes as many floats as the window has levels, channels last.
  public func writeResizedCrop(
    _ rect: PixelRect, width: Int, height: Int, window: PixelRect? = nil, filter: ResizeFilter,
    mean: SIMD3<Float>, standardDeviation: SIMD3<Float>, into output: UnsafeMutablePointer<Float>
  ) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 3 * 256) { table in
      for channel in 0..<3 {
        for level in 0..<256 {
          table.initializeElement(
            at: channel * 256 + level,
            to: (Float(level) - mean[channel]) / standardDeviation[channel])
        }
      }
      let window = window ?? PixelRect(x0: 0, y0: 0, x1: width, y1: height)
      resample(rect, width, height, window, filter, floats: output, table: table.baseAddress)
    }
  }

  private func resample(
    _ rect: PixelRect, _ width: Int, _ height: Int, _ window: PixelRect, _ filter: ResizeFilter,
    bytes: UnsafeMutablePointer<UInt8>? = nil, floats: UnsafeMutablePointer<Float>? = nil,
    table: UnsafePointer<Float>? = nil
  ) {
    precondition(rect.width > 0 && rect.height > 0, "a crop has at least one pixel")
    precondition(
      PixelRect(x0: 0, y0: 0, x1: width, y1: height).contains(window), "the window has pixels")
    let inside = rect.intersection(bounds)
    let start = inside.map { offset($0.x0, $0.y0) } ?? 0
    let enoughMemory = pixels.withUnsafeBufferPointer { pixels in
      let view = image_view(
        pixels: pixels.baseAddress! + start, row_bytes: self.width * 3,
        width: Int32(rect.width), height: Int32(rect.height),
        left: Int32(inside.map { $0.x0 - rect.x0 } ?? 0),
        top: Int32(inside.map { $0.y0 - rect.y0 } ?? 0),
        columns: Int32(inside?.width ?? 0), rows: Int32(inside?.height ?? 0))
      return image_resample(
        view, filter.code, Int32(width), Int32(height),
        image_window(
          left: Int32(window.x0), top: Int32(window.y0), width: Int32(window.width),
          height: Int32(window.height)), bytes, floats, table)
    }
    if enoughMemory == 0 {
      ProcessEnd.outOfMemory(for: "resizing to \(width)x\(height)")
    }
  }
}
