/// Where other programs put anchors: torchvision and detectron2 in the upper left corner of a cell, we in
/// its middle, half a stride further along both sides.
package enum CornerAnchors {
  /// What is added to a proposal's delta (dx, dy) from an anchor of ours, so that it leads to the same box
  /// from one in the cell's corner.
  ///
  /// It is the same on all levels, as an anchor is so and so many strides wide on each.
  ///
  /// - Parameters:
  ///   - aspectRatio: the anchor's height divided by its width.
  ///   - scale: the side of the square anchor in strides.
  package static func shift(aspectRatio: Float, scale: Float) -> (x: Float, y: Float) {
    let root = aspectRatio.squareRoot()
    return (0.5 * root / scale, 0.5 / (scale * root))
  }
}
