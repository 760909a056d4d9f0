extension Image {
  /// The image turned upright, given how it was stored.
  public func upright(from orientation: Orientation) -> Image {
    if orientation == .upright { return self }
    let (first, right, down) = walk(orientation)
    let (newWidth, newHeight) = orientation.swapsSides ? (height, width) : (width, height)
    let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { output, count in
      pixels.withUnsafeBufferPointer { input in
        var to = 0
        for y in 0..<newHeight {
          var from = 3 * (first + y * down)
          for _ in 0..<newWidth {
            for channel in 0..<3 {
              output.initializeElement(at: to + channel, to: input[from + channel])
            }
            from += 3 * right
            to += 3
          }
        }
      }
      count = pixels.count
    }
    return Image(width: newWidth, height: newHeight, pixels: turned)
  }

  /// Left for right.
  public func flippedHorizontally() -> Image { upright(from: .mirrored) }

  /// Where the upright image's first pixel is stored, and how far, in pixels, the stored place
  /// moves for a step right and a step down.
  private func walk(_ orientation: Orientation) -> (first: Int, right: Int, down: Int) {
    let (lastColumn, lastRow) = (width - 1, (height - 1) * width)
    return switch orientation {
    case .upright: (0, 1, width)
    case .mirrored: (lastColumn, -1, width)
    case .upsideDown: (lastRow + lastColumn, -1, -width)
    case .flipped: (lastRow, 1, -width)
    case .transposed: (0, width, 1)
    case .quarterClockwise: (lastRow, -width, 1)
    case .transversed: (lastRow + lastColumn, -width, -1)
    case .quarterAnticlockwise: (lastColumn, width, -1)
    }
  }
}
