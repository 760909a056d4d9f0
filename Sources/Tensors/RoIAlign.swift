import CKernels
import Support

/// A box on a level of a feature pyramid.
public struct RoI: Sendable, Equatable {
  /// Which image of the batch.
  public var image: Int
  /// Corners in pixels of the network's input, half-open.
  public var x0, y0, x1, y1: Float
  /// Which level it is read from.
  public var level: Int

  /// A box given by its corners.
  public init(image: Int, x0: Float, y0: Float, x1: Float, y1: Float, level: Int) {
    self.image = image
    (self.x0, self.y0, self.x1, self.y1) = (x0, y0, x1, y1)
    self.level = level
  }
}

/// Features of boxes, resampled to one size: each of the output cells is the mean of
/// `samplingRatio`² bilinear samples, and samples beyond one cell outside the map count as zero.
/// The definition is torchvision's `roi_align`.
///
/// - Parameters:
///   - levels: the feature maps, [B, H, W, C] each
///   - scales: cells per pixel of each level, 1/stride
///   - outputSize: cells along each side of the result
///   - aligned: whether pixel centres stand at halves, as they should; without it boxes are also
///     made at least one cell large
/// - Returns: [R, outputSize, outputSize, C], in the order of `boxes`; in bfloat16 where a map is
public func roiAlign(
  _ levels: [Variable], boxes: [RoI], scales: [Float], outputSize: Int, samplingRatio: Int = 2,
  aligned: Bool = true
) -> Variable {
  let channels = levels[0].shape[3]
  precondition(levels.count == scales.count, "\(levels.count) levels, \(scales.count) scales")
  precondition(levels.allSatisfy { $0.shape.count == 4 && $0.shape[3] == channels })
  precondition(samplingRatio > 0, "\(samplingRatio) samples along a cell")
  for box in boxes {
    precondition(levels.indices.contains(box.level), "no level \(box.level)")
    precondition(0 <= box.image && box.image < levels[box.level].shape[0], "no image \(box.image)")
  }
  let grid = RoIGrid(scales, outputSize, samplingRatio, aligned)

  let shape = [boxes.count, outputSize, outputSize, channels]
  if levels.contains(where: { $0.ifRounded != nil }) {
    let maps = levels.map(\.rounded)
    return Variable(
      RoundedTensor(shape) { y in
        Parallel.ranges(boxes.count) { range in
          for r in range {
            let map = maps[boxes[r].level]
            map.reading { x in
              grid.forEachCell(r, boxes[r], map.shape) { image, out, line, rows, columns in
                vild_gather_cells_bfloat(
                  y + out, x + image, line, channels, rows, columns, channels)
              }
            }
          }
        }
      })
  }
  let y = Tensor(shape) { y in
    Parallel.ranges(boxes.count) { range in
      for r in range {
        let map = levels[boxes[r].level].value
        reading(map) { x in
          grid.forEachCell(r, boxes[r], map.shape) { image, out, line, rows, columns in
            vild_gather_cells(
              y.baseAddress! + out, x + image, line, channels, rows, columns, channels)
          }
        }
      }
    }
  }

  return .result(y, of: levels) { dy in
    for (level, input) in levels.enumerated() {
      input.accumulate(grid.backward(dy, boxes, level: level, shape: input.shape))
    }
  }
}

/// Where the samples of boxes stand.
private struct RoIGrid {
  let scales: [Float]
  let outputSize, samplingRatio: Int
  let aligned: Bool

  init(_ scales: [Float], _ outputSize: Int, _ samplingRatio: Int, _ aligned: Bool) {
    (self.scales, self.outputSize) = (scales, outputSize)
    (self.samplingRatio, self.aligned) = (samplingRatio, aligned)
  }

  /// The samples along one axis of a box from `start` to `end`, on a map of `size` cells.
  func taps(_ start: Float, _ end: Float, _ scale: Float, _ size: Int) -> AxisTaps {
    let first = start * scale - (aligned ? 0.5 : 0)
    let length = aligned ? (end - start) * scale : max((end - start) * scale, 1)
    let cell = length / Float(outputSize)
    let weight = 1 / Float(samplingRatio)
    return AxisTaps(outputSize) { output, taps in
      for sample in 0..<samplingRatio {
        let offset = (Float(sample) + 0.5) * cell / Float(samplingRatio)
        let position = first + Float(output) * cell + offset
        // Written so that NaN is outside.
        guard position >= -1 && position <= Float(size) else { continue }
        taps.interpolate(at: position, size: size, weight: weight)
      }
    }
  }

  func forEachCell(
    _ box: RoI, _ height: Int, _ width: Int,
    _ body: (_ cell: Int, _ rows: vild_taps, _ columns: vild_taps) -> Void
  ) {
    let scale = scales[box.level]
    taps(box.y0, box.y1, scale, height).withTaps { rows in
      taps(box.x0, box.x1, scale, width).withTaps { columns in
        for row in 0..<outputSize {
          for column in 0..<outputSize {
            body(row * outputSize + column, rows(row), columns(column))
          }
        }
      }
    }
  }

  /// Every cell of a box: where its image and its output begin, the numbers of a row of the map, and
  /// what the cell is made of.
  func forEachCell(
    _ number: Int, _ box: RoI, _ map: [Int],
    _ body: (
      _ image: Int, _ out: Int, _ line: Int, _ rows: vild_taps, _ columns: vild_taps
    ) -> Void
  ) {
    let line = map[2] * map[3]
    forEachCell(box, map[1], map[2]) { cell, rows, columns in
      body(
        box.image * map[1] * line, (number * outputSize * outputSize + cell) * map[3], line, rows,
        columns)
    }
  }

  /// The gradient of one level. Boxes overlap, so the cores share out the channels: each sum has
  /// the order of the boxes whatever the number of threads.
  func backward(_ dy: Tensor, _ boxes: [RoI], level: Int, shape: [Int]) -> Tensor {
    let (height, width, channels) = (shape[1], shape[2], shape[3])
    let block = 16
    return Tensor(shape) { dx in
      Parallel.ranges(dx.count, grain: 1 << 16) { range in
        (dx.baseAddress! + range.lowerBound).initialize(repeating: 0, count: range.count)
      }
      reading(dy) { dy in
        Parallel.ranges((channels + block - 1) / block) { blocks in
          let first = blocks.lowerBound * block
          let count = min(blocks.upperBound * block, channels) - first
          for (r, box) in boxes.enumerated() where box.level == level {
            forEachCell(box, height, width) { cell, rows, columns in
              vild_scatter_cells(
                dx.baseAddress! + box.image * height * width * channels + first,
                dy + (r * outputSize * outputSize + cell) * channels + first, width * channels,
                channels, rows, columns, count)
            }
          }
        }
      }
    }
  }
}
