import Images
import Regions

/// Where an image lies in the detector's input: mirrored or not, resized, and cut out. Drawn once per
/// image and step; everything that has a place in the image is moved by it.
struct InputPlacement: Sendable {
  /// Of the original image, in pixels.
  let imageWidth: Float
  let isMirrored: Bool
  /// Input pixels an original pixel, along x and y.
  let scaleX, scaleY: Float
  /// Pixels of the resized image that are cut off on the left and at the top.
  var left = 0
  var top = 0
  /// Pixels of the input that show the image; the rest is padding.
  let width, height: Int

  /// A box of the original image in input pixels, also where it is cut off.
  func place(_ box: Box) -> Box {
    let box = isMirrored ? box.flippedHorizontally(inWidth: imageWidth) : box
    return Box(
      x0: box.x0 * scaleX, y0: box.y0 * scaleY, x1: box.x1 * scaleX, y1: box.y1 * scaleY
    ).translated(x: -Float(left), y: -Float(top))
  }

  /// The part of a placed box that can be seen; nil where that is less than a pixel wide or high,
  /// or less than `share` of its area.
  func visible(_ box: Box, atLeast share: Float = 0) -> Box? {
    let seen = box.clipped(toWidth: Float(width), height: Float(height))
    let isEnough = seen.width >= 1 && seen.height >= 1 && seen.area >= share * box.area
    return isEnough ? seen : nil
  }

  /// A box of the input in pixels of the original image, mirrored where the input is.
  func unplaced(_ box: Box) -> Box {
    let (dx, dy) = (Float(left), Float(top))
    return Box(
      x0: (box.x0 + dx) / scaleX, y0: (box.y0 + dy) / scaleY, x1: (box.x1 + dx) / scaleX,
      y1: (box.y1 + dy) / scaleY)
  }

  /// What can be seen of a mask, in pixels of the original image, mirrored where the input is.
  func visible(_ mask: Mask) -> Mask {
    let window = unplaced(Box(x0: 0, y0: 0, x1: Float(width), y1: Float(height)))
    let placed = isMirrored ? mask.flippedHorizontally() : mask
    return placed.clipped(
      to: PixelRect(
        x0: Int(window.x0.rounded(.down)), y0: Int(window.y0.rounded(.down)),
        x1: Int(window.x1.rounded(.up)), y1: Int(window.y1.rounded(.up))))
  }
}
