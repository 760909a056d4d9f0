extension Mask {
  /// The border between the pixels inside and outside as closed lines along the pixels' edges, in the
  /// order of their topmost corners: each x and y in turn of the corners where it changes direction.
  ///
  /// What an odd number of the lines surrounds is exactly what is inside. Inside lies to the right of a
  /// line's direction, as y grows downwards: lines around pixels have a positive area by the shoelace
  /// formula, those around holes a negative one. Pixels that touch at a corner only are apart.
  /// O(area of `bounds`).
  public var outlines: [[Int]] {
    guard let bounds else { return [] }
    var edges = BorderEdges(of: self, in: bounds)
    return edges.loops()
  }

  /// The mask as polygons for programs that know nothing else, COCO's form: the outlines, or where
  /// there are holes one polygon of all of them (`joinedOutline`).
  ///
  /// `Mask(width:height:polygons:)`, as pycocotools does, makes the same mask of them.
  public var polygons: [[Int]] {
    let outlines = outlines
    return outlines.contains { Self.doubleArea($0) < 0 } ? [Self.join(outlines)] : outlines
  }

  /// All outlines as one polygon, for forms that have one an object: a line goes from the first corner
  /// of the first outline to each other one and back the same way, which by the even-odd rule surrounds
  /// nothing. Empty for an empty mask.
  public var joinedOutline: [Int] { Self.join(outlines) }

  private static func join(_ outlines: [[Int]]) -> [Int] {
    guard let first = outlines.first, outlines.count > 1 else { return outlines.first ?? [] }
    let anchor = first.prefix(2)
    return outlines.dropFirst().reduce(first + anchor) { $0 + $1 + $1.prefix(2) + anchor }
  }

  /// Twice the area inside, by the shoelace formula.
  private static func doubleArea(_ outline: [Int]) -> Int {
    stride(from: 0, to: outline.count, by: 2).reduce(0) { sum, index in
      let next = (index + 2) % outline.count
      return sum + outline[index] * outline[next + 1] - outline[next] * outline[index + 1]
    }
  }
}

/// The edges of pixels that stand between inside and outside, by the corner where each begins.
private struct BorderEdges {
  /// Clockwise, so that the next one is a turn to the right.
  private static let directions = [(x: 1, y: 0), (x: 0, y: 1), (x: -1, y: 0), (x: 0, y: -1)]

  private let origin: PixelRect
  /// Corners a row.
  private let width: Int
  /// A bit a direction.
  private var leaving: [UInt8]

  init(of mask: Mask, in bounds: PixelRect) {
    origin = bounds
    width = bounds.width + 1
    leaving = [UInt8](repeating: 0, count: width * (bounds.height + 1))
    // With a border of pixels outside.
    let stride = bounds.width + 2
    var isInside = [Bool](repeating: false, count: stride * (bounds.height + 2))
    for (x, rows) in mask.columns {
      for y in rows { isInside[(y - bounds.y0 + 1) * stride + x - bounds.x0 + 1] = true }
    }
    for y in 0..<bounds.height {
      for x in 0..<bounds.width {
        let pixel = (y + 1) * stride + x + 1
        guard isInside[pixel] else { continue }
        let corner = y * width + x
        if !isInside[pixel - stride] { leaving[corner] |= 1 }
        if !isInside[pixel + 1] { leaving[corner + 1] |= 2 }
        if !isInside[pixel + stride] { leaving[corner + width + 1] |= 4 }
        if !isInside[pixel - 1] { leaving[corner + width] |= 8 }
      }
    }
  }

  /// Takes the edges away. The topmost edge to the right that is left begins at a corner of its line.
  mutating func loops() -> [[Int]] {
    var loops: [[Int]] = []
    for start in leaving.indices {
      while leaving[start] & 1 != 0 { loops.append(loop(from: start)) }
    }
    return loops
  }

  private mutating func loop(from start: Int) -> [Int] {
    var loop: [Int] = []
    var (corner, direction) = (start, 0)
    repeat {
      loop += [origin.x0 + corner % width, origin.y0 + corner / width]
      repeat {
        leaving[corner] &= ~(1 << UInt8(direction))
        corner += Self.directions[direction].y * width + Self.directions[direction].x
      } while corner != start && leaving[corner] == 1 << UInt8(direction)
      // To the right first: where two pixels touch at a corner each keeps to its own.
      let turns = [1, 0, 3].map { (direction + $0) % 4 }
      direction = turns.first { leaving[corner] & 1 << UInt8($0) != 0 } ?? direction
    } while corner != start
    return loop
  }
}
