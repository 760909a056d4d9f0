public import Regions

/// 8-bit RGB pixels.
public struct Image: Sendable, Equatable {
  /// Columns, at least 1.
  public let width: Int
  /// Rows, at least 1.
  public let height: Int
  /// height x width x 3 bytes: rows from the top, pixels from the left, red, green, blue.
  public internal(set) var pixels: [UInt8]

  /// - Parameter pixels: height x width x 3 bytes, channels last.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0, "an image has at least one pixel")
    precondition(pixels.count == width * height * 3, "pixels are height x width x 3")
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// An image of one colour.
  public init(width: Int, height: Int, filledWith color: Color = .black) {
    precondition(width > 0 && height > 0, "an image has at least one pixel")
    let row = (0..<width).flatMap { _ in [color.red, color.green, color.blue] }
    var pixels = [UInt8]()
    pixels.reserveCapacity(width * height * 3)
    for _ in 0..<height { pixels += row }
    self.init(width: width, height: height, pixels: pixels)
  }

  /// The colour of one pixel inside the image.
  public subscript(x: Int, y: Int) -> Color {
    get {
      let start = offset(x, y)
      return Color(pixels[start], pixels[start + 1], pixels[start + 2])
    }
    set {
      let start = offset(x, y)
      pixels[start] = newValue.red
      pixels[start + 1] = newValue.green
      pixels[start + 2] = newValue.blue
    }
  }

  /// The rectangle of the whole image.
  public var bounds: PixelRect { PixelRect(x0: 0, y0: 0, x1: width, y1: height) }

  /// A copy of the pixels inside `rect`, which is not empty and lies within the image.
  public func cropped(to rect: PixelRect) -> Image {
    precondition(bounds.contains(rect), "the crop lies within the image")
    var cut = [UInt8]()
    cut.reserveCapacity(rect.width * rect.height * 3)
    for y in rect.y0..<rect.y1 { cut += pixels[offset(rect.x0, y)...].prefix(rect.width * 3) }
    return Image(width: rect.width, height: rect.height, pixels: cut)
  }

  func offset(_ x: Int, _ y: Int) -> Int {
    precondition(x >= 0 && x < width && y >= 0 && y < height, "the pixel lies within the image")
    return (y * width + x) * 3
  }
}
