/// The largest image that is decoded; a few hundred bytes can claim gigabytes of pixels.
public struct DecodeLimits: Sendable, Equatable {
  /// Width times height.
  public var pixels: Int
  /// Width and height each.
  public var side: Int

  /// - Parameters:
  ///   - pixels: width times height, 100 million unless told, which decode to 300 MB.
  ///   - side: width and height each.
  public init(pixels: Int = 100_000_000, side: Int = 65_535) {
    self.pixels = pixels
    self.side = side
  }

  /// - Throws: `ImageError` (`tooLarge`) that names the image.
  func check(_ header: ImageHeader, name: String) throws(ImageError) {
    let (width, height) = (header.width, header.height)
    guard max(width, height) <= side else {
      throw ImageError(
        .tooLarge, "the image is too large", at: name,
        expected: "sides of at most \(side) pixels", got: "\(width)x\(height)")
    }
    guard width * height <= pixels else {
      throw ImageError(
        .tooLarge, "the image is too large", at: name, expected: "at most \(pixels) pixels",
        got: "\(width)x\(height)")
    }
  }
}
