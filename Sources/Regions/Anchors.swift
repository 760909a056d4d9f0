/// The reference boxes of one pyramid level: the same few shapes about the centre of every cell.
public struct Anchors: Hashable, Sendable {
  /// Pixels of the image between neighbouring cells.
  public var stride: Int
  /// The side in pixels of the square anchor; the others have the same area.
  public var size: Float
  /// Height divided by width of each shape.
  public var aspectRatios: [Float]

  /// - Parameter size: pixels; the paper's is 8 x stride.
  public init(stride: Int, size: Float, aspectRatios: [Float] = [1, 2, 0.5]) {
    precondition(stride > 0 && size > 0 && aspectRatios.allSatisfy { $0 > 0 })
    self.stride = stride
    self.size = size
    self.aspectRatios = aspectRatios
  }

  /// The anchors of a level of `rows` x `columns` cells: cells row by row, and in each cell one
  /// box an aspect ratio, in their order.
  ///
  /// The centre of cell (x, y) is at ((x + 0.5) * stride, (y + 0.5) * stride) pixels. Anchors reach
  /// over the image's border.
  public func boxes(rows: Int, columns: Int) -> [Box] {
    let halves = halves
    var boxes: [Box] = []
    boxes.reserveCapacity(rows * columns * halves.count)
    for y in 0..<rows {
      let centreY = (Float(y) + 0.5) * Float(stride)
      for x in 0..<columns {
        let centreX = (Float(x) + 0.5) * Float(stride)
        for half in halves {
          boxes.append(
            Box(
              x0: centreX - half.x, y0: centreY - half.y,
              x1: centreX + half.x, y1: centreY + half.y))
        }
      }
    }
    return boxes
  }

  /// Half of each shape's width and height, in pixels.
  package var halves: [(x: Float, y: Float)] {
    aspectRatios.map { ratio in
      let root = ratio.squareRoot()
      return (size / root / 2, size * root / 2)
    }
  }
}
